// The page that the link of a mailed document opens. Nothing is asked for before the button is pressed: programs look
// into mail. The link opens again until it expires, so what failed may be tried again.
import { ApiError, file, open, user } from '../api.js';
import { announce, html, icon, notice, nothing } from '../core.js';
import { saveAs } from '../download.js';
import { createForm } from '../forms.js';
import { day, voucherNumber } from '../format.js';

const KINDS = { voucher: 'Comprobante', withholding: 'Certificado de retención', quote: 'Presupuesto', work_order: 'Informe de la orden de trabajo' };
const TITLE = 'Tu documento';

export default function create(page) {
  const { hash } = page;
  const token = new URLSearchParams(hash).get('t') ?? '';
  const state = { over: /^[A-Za-z0-9_.-]{1,4096}$/.test(token) ? '' : 'wrong', shown: null };

  const form = createForm({
    page,
    values: {},
    doing: 'abrir el documento',
    async send() {
      const { url, filename, document } = await open('POST', '/links/open', { token }, { signal: page.signal });
      saveAs(filename, [await file(url, { signal: page.signal })], 'application/pdf');
      state.shown = { ...document, filename };
      history.replaceState(null, '', page.path); // who sits here next does not find it in the history
      announce(`Descargando ${filename}`);
    },
    words(error) {
      if (!(error instanceof ApiError)) return null;
      if (error.status === 410) state.over = 'expired';
      else if (error.code === 'invalid_token') state.over = 'wrong';
      else if (error.code === 'file_missing') return { _: 'El PDF todavía no está disponible. Probá de nuevo más tarde.' };
      else return null;
      return {};
    },
  });

  const inside = () => (user()
    ? html`<a class="button secondary wide" href="/">Ver mis documentos</a>`
    : html`<a class="button secondary wide" href="/ingresar">Ingresar a miINTI</a>`);
  const about = ({ kind, number, date, filename }) => html`
    ${notice('good', 'Descargaste tu documento', filename)}
    <dl class="facts-grid">
      <div><dt>Documento</dt><dd>${KINDS[kind] ?? 'Documento'}</dd></div>
      <div><dt>Número</dt><dd>${kind === 'voucher' ? voucherNumber(number) : number}</dd></div>
      <div><dt>Fecha</dt><dd>${day(date)}</dd></div>
    </dl>`;

  return {
    title: TITLE,
    content: () => html`
      <h1>${TITLE}</h1>
      ${state.over === 'expired' ? notice('error', 'El enlace venció', 'Los enlaces de los correos abren el documento durante 30 días, y menos si alguien los anuló. El documento sigue en miINTI: ingresá para descargarlo.') : nothing}
      ${state.over === 'wrong' ? notice('error', 'El enlace no es válido', 'Puede que se haya cortado al copiarlo. Abrilo otra vez desde el correo, o ingresá para descargar el documento.') : nothing}
      ${state.shown ? about(state.shown) : nothing}
      ${state.over ? nothing : html`
        ${state.shown ? nothing : html`<p>Te mandamos este enlace por correo. Descargá el PDF sin ingresar; quien tenga el enlace puede hacer lo mismo.</p>`}
        <form class="form" novalidate @submit=${form.submit}>
          ${form.summary()}
          ${form.button(html`${icon('download')}${state.shown ? 'Descargar otra vez' : 'Descargar el PDF'}`, 'Descargando…', 'wide')}
        </form>`}
      ${inside()}`,
  };
}
