// The dialog «Vincular nuevo Cliente/Proveedor». Some companies are linked at once; for the others a code goes to the
// address that the institute has of them, and is entered here or later.
import { ApiError, NetworkError, ask } from './api.js';
import { announce, html, nothing } from './core.js';
import { createForm } from './forms.js';
import * as format from './format.js';
import * as identifiers from './identifiers.js';
import { dialog } from './pieces.js';

const ID = 'link';
const ROLES = [['client', 'Cliente', 'Le compra al INTI'], ['supplier', 'Proveedor', 'Le vende al INTI']];
const HOME = { client: '/comprobantes', supplier: '/retenciones' };
const WHOSE = { client: 'cliente', supplier: 'proveedor', '': 'cliente o proveedor' };

export const codeField = (form, id = 'code') => form.field({
  id, label: 'Código', hint: '6 letras y números', className: 'code-input', autocomplete: 'one-time-code', maxlength: 12,
});
// The words of a form for a code. A code is good once: where an answer was lost it may have been taken.
export function codeWords() {
  let lost = false;
  return (error) => {
    lost ||= error instanceof NetworkError;
    if (!(error instanceof ApiError)) return null;
    if (error.code === 'invalid_code') return { code: lost ? 'El código no es correcto o ya se usó: fijate si la empresa ya está en tu lista.' : 'El código no es correcto o ya no sirve. Después de cinco errores hay que pedir otro.' };
    if (error.code === 'already_linked') return { _: 'Ya tenés vinculada esa empresa.' };
    return error.status === 404 ? { _: 'Ese pedido ya no existe.' } : null;
  };
}
export const confirmed = (id, code) => ask('POST', `/link-requests/${id}/confirm`, { code: code.replace(/\s/g, '') });
export const linkedTo = (page, { id, role, name }) => {
  announce(`Vinculaste ${name}`);
  return page.go(`${HOME[role]}/${id}`, { state: { linked: true } });
};

// asked(): a request has been received that waits for its code.
export function createLinking(page, { asked = () => {} } = {}) {
  const empty = { role: '', cuit: '', number: '' };
  let request = null;
  let known = false; // the company is linked already: nothing typed is missed
  let wordsOfCode = codeWords();

  const asking = createForm({
    page,
    values: { ...empty },
    doing: 'vincular la empresa',
    check: ({ role, cuit, number }) => ({
      'role-client': role ? '' : 'Elegí si la empresa es cliente o proveedor',
      cuit: identifiers.cuit(cuit),
      number: identifiers.companyNumber(number, WHOSE[role]),
    }),
    async send({ role, cuit, number }) {
      known = false;
      const answer = await ask('POST', '/companies', { role, cuit: format.digits(cuit), number: identifiers.bareNumber(number) });
      if (answer.request_id) {
        request = answer.request_id;
        announce('Recibimos tu pedido.');
        asked();
        setTimeout(() => document.getElementById('code')?.focus());
      } else {
        close();
        await linkedTo(page, answer);
      }
    },
    words(error) {
      if (!(error instanceof ApiError)) return null;
      if (error.code === 'company_not_found') return { _: `No encontramos una empresa con esos datos. Revisalos: el CUIT y el número de ${WHOSE[asking.values.role]} figuran en cualquier comprobante del INTI.` };
      known = error.code === 'already_linked';
      if (known) return { _: html`Ya tenés vinculada esa empresa.${error.id ? html` <a href="${HOME[asking.values.role]}/${error.id}">Ver sus documentos</a>` : nothing}` };
      return null;
    },
  });
  const proving = createForm({
    page,
    values: { code: '' },
    doing: 'confirmar la vinculación',
    check: ({ code }) => ({ code: identifiers.code(code) }),
    async send({ code }) {
      const company = await confirmed(request, code);
      close();
      await linkedTo(page, company);
    },
    words: (error) => wordsOfCode(error),
  });

  const close = () => document.getElementById(ID)?.close();
  function open() {
    page.paint(); // what was typed is known to be there, so that it goes
    request = null;
    known = false;
    wordsOfCode = codeWords();
    Object.assign(asking, { errors: {}, problem: null });
    Object.assign(asking.values, empty);
    Object.assign(proving, { errors: {}, problem: null });
    proving.values.code = '';
    page.paint();
    document.getElementById(ID).showModal();
  }

  const fields = () => {
    const { values, errors } = asking;
    const wrong = errors['role-client'];
    return html`
      ${asking.summary()}
      <fieldset class="field ${wrong ? 'field-bad' : ''}" aria-describedby=${wrong ? 'role-error' : nothing}>
        <legend>Tipo de empresa que querés vincular</legend>
        ${wrong ? html`<p class="error" id="role-error"><span class="sr-only">Error: </span>${wrong}</p>` : nothing}
        <div class="options">${ROLES.map(([value, title, hint]) => html`
          <label class="option ${values.role === value ? 'option-chosen' : ''}">
            <input type="radio" id="role-${value}" name="role" value=${value} ?autofocus=${value === 'client'} .checked=${values.role === value} @change=${() => { values.role = value; page.paint(); }}>
            <span><strong>${title}</strong><span class="option-hint">${hint}</span></span>
          </label>`)}</div>
      </fieldset>
      ${asking.field({ id: 'cuit', label: 'N° de CUIT', hint: 'Los 11 números, con o sin guiones', mode: 'numeric', maxlength: 20, typed: typedCuit })}
      ${asking.field({ id: 'number', label: `N° de ${WHOSE[values.role]}`, hint: 'Figura en los comprobantes del INTI, junto al nombre de la empresa', mode: 'numeric', maxlength: 20 })}`;
  };
  // Told as soon as the eleventh figure is there, and not before.
  function typedCuit() {
    const whole = format.digits(asking.values.cuit).length === 11;
    const before = asking.errors.cuit;
    if (whole || before) asking.errors.cuit = whole ? identifiers.cuit(asking.values.cuit) : '';
    if (asking.errors.cuit !== before) page.paint();
  }

  const template = () => dialog({
    id: ID,
    title: request ? 'Pedimos un código' : 'Vincular nuevo Cliente/Proveedor',
    content: request
      ? html`
        <p>Recibimos tu pedido. Si los datos son de una empresa, le mandamos un código al correo que tiene registrado en el INTI.</p>
        <p>Pedíselo a quien lo recibe y escribilo acá, o más tarde en <a href="/vincular">Pedidos de vinculación</a>. Vale 72 horas.</p>
        ${proving.summary()}${codeField(proving)}`
      : fields(),
    footer: (shut) => html`
      <button type="button" class="button secondary" @click=${shut}>${request ? 'Más tarde' : 'Cancelar'}</button>
      ${request ? proving.button('Confirmar', 'Confirmando…') : asking.button('Vincular', 'Vinculando…')}`,
    submit: (event) => (request ? proving : asking).submit(event),
  });

  const unsaved = () => (document.getElementById(ID)?.open && !request && !known && Object.values(asking.values).some(Boolean) ? 'Todavía no vinculaste la empresa. ¿Querés salir igual?' : '');

  return { open, template, unsaved };
}
