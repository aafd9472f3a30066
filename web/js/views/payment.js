// The manual's door to pay: a client's number or its address, and the key that was mailed there. Who has an account is
// shown the better one.
import { ApiError, come, open, user } from '../api.js';
import { mailto } from '../contact.js';
import { announce, html, icon, notice, nothing } from '../core.js';
import { createForm } from '../forms.js';
import * as validate from '../validate.js';

const whose = (text) => {
  if (!text.trim()) return 'Ingresá tu número de cliente o tu correo';
  return /^\s*\d{1,10}\s*$|@/.test(text) ? '' : 'Escribí tu número de cliente, por ejemplo 27334, o tu correo';
};

export default function create(page) {
  const ended = page.query.get('motivo') === 'vencida';
  const state = { sent: '', refused: false };

  const form = createForm({
    page,
    values: { user: '', key: '', remember: false },
    doing: 'ingresar',
    check: (values) => ({ user: whose(values.user), key: validate.required(values.key, 'Ingresá la clave que te mandamos por correo') }),
    async send(values) {
      state.sent = '';
      state.refused = false;
      const body = { ...values, user: values.user.trim() };
      await come(() => open('POST', '/payment/login', body), values.remember);
      await page.go(`/comprobantes/${user().id}/pagar`, { replace: true });
    },
    words(error) {
      if (!(error instanceof ApiError) || error.code !== 'invalid_credentials') return null;
      state.refused = true;
      return { _: 'Los datos no coinciden, o la clave venció o hay una más nueva. Después de varios intentos hay que esperar unos minutos, o pedir otra clave.' };
    },
  });
  const asking = createForm({
    page,
    values: {},
    doing: 'mandar la clave',
    check: () => ({ user: whose(form.values.user) }),
    async send() {
      form.errors = {};
      await open('POST', '/payment/key', { user: form.values.user.trim() });
      state.refused = false;
      state.sent = form.values.user.trim();
      announce('Revisá el correo de la empresa.');
    },
    words: (error) => (error instanceof ApiError && error.status === 422 ? { user: 'El número de cliente o el correo no es válido' } : null),
  });
  // What went wrong is told of what was done last.
  let last = form;
  const act = (which) => (event) => {
    if (!form.busy && !asking.busy) last = which;
    return which.submit(event);
  };
  const ask = (text, classes) => html`<button type="button" class=${classes} aria-disabled=${asking.busy ? 'true' : nothing} @click=${act(asking)}>${asking.busy ? 'Mandando…' : text}</button>`;

  const door = () => html`
    ${ended && !state.sent && !form.problem && !Object.values(form.errors).some(Boolean) ? notice('info', 'Tu sesión terminó', 'Ingresá de nuevo con la clave o, si venció, pedí otra.') : nothing}
    ${state.sent ? notice('good', 'Revisá el correo de la empresa', html`Si <strong>${state.sent}</strong> es de un cliente, mandamos una clave nueva a su correo registrado. La anterior ya no sirve. Mandamos hasta tres por hora.`) : nothing}
    <form class="form" novalidate @submit=${act(form)}>
      ${last.summary()}
      ${form.field({ id: 'user', label: 'Número de cliente o email', autocomplete: 'username', maxlength: 254 })}
      ${form.password({ id: 'key', label: 'Contraseña', hint: 'La clave que te llegó por correo.' })}
      <p class="forgot">${ask('Olvidé mi contraseña', 'text-button')}</p>
      ${form.checkBox({ id: 'remember', label: 'Recordarme' })}
      ${form.button('Ingresar', 'Ingresando…')}
      ${state.refused ? html`<p>¿Se venció? ${ask('Mandame otra clave', 'button secondary small')}</p>` : nothing}
    </form>
    <p class="hint">La clave vale 72 horas y va al correo que el INTI tiene registrado de la empresa. Si no es el tuyo o cambió, escribinos a ${mailto()}.</p>`;

  const card = (title, content) => html`<section class="card"><div class="card-body">${title ? html`<h2>${title}</h2>` : nothing}${content}</div></section>`;
  return {
    title: 'Pago electrónico',
    content() {
      const client = user()?.company;
      return html`
        <div class="heading"><div><h1>Pago electrónico</h1><p class="lead">Pagá tu factura online</p></div></div>
        ${client ? card('', html`<p>Ingresaste por <strong>${client.name}</strong>.</p><p><a class="button" href=${`/comprobantes/${client.id}/pagar`}>${icon('payment')}Ver qué debe y pagar</a></p>`)
        : user() ? html`
          ${card('Con tu cuenta', html`<p>Entrá a <a href="/comprobantes">Mis comprobantes</a>, elegí la empresa y apretá «Pagar». Podés pagar un comprobante, varios o todo lo vencido, y ves ahí mismo en qué quedó cada pago.</p>`)}
          ${card('Con la clave que llegó por correo', html`<p>Es para quien paga sin cuenta. Si ingresás con ella, se cierra tu cuenta en este navegador.</p>${door()}`)}`
        : html`${card('', door())}<p class="beside">¿Tenés cuenta en miINTI? <a href="/ingresar">Ingresá</a> y pagás sin clave.</p>`}`;
    },
  };
}
