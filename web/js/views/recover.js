import { open } from '../api.js';
import { announce, html } from '../core.js';
import { createForm } from '../forms.js';
import * as validate from '../validate.js';

export default function create(page) {
  const state = { sent: '' };
  const form = createForm({
    page,
    values: { email: '' },
    doing: 'mandar el correo',
    check: ({ email }) => ({ email: validate.email(email) }),
    async send({ email }) {
      await open('POST', '/password/forgot', { email: email.trim() });
      state.sent = email.trim();
      announce('Revisá tu correo.');
      setTimeout(() => document.querySelector('main h1')?.focus());
    },
  });
  return {
    get title() { return state.sent ? 'Revisá tu correo' : 'Recuperar tu contraseña'; },
    content: () => (state.sent
      ? html`
        <h1 tabindex="-1">Revisá tu correo</h1>
        <p>Si <strong>${state.sent}</strong> está registrado, te enviamos un enlace para restablecer tu contraseña. Vale una hora.</p>
        <p>¿No llegó? Mirá en correo no deseado, o <button type="button" class="text-button" @click=${() => { state.sent = ''; page.paint(); }}>probá con otra dirección</button>.</p>
        <p class="beside"><a href="/ingresar">Volver a Ingresar</a></p>`
      : html`
        <h1>Recuperar tu contraseña</h1>
        <p>Escribí el correo con el que te registraste y te mandamos un enlace para elegir una contraseña nueva.</p>
        <form class="form" novalidate @submit=${form.submit}>
          ${form.summary()}
          ${form.field({ id: 'email', label: 'Correo electrónico', type: 'email', mode: 'email', autocomplete: 'username' })}
          ${form.button('Enviar', 'Enviando…', 'wide')}
        </form>
        <p class="beside"><a href="/ingresar">Volver a Ingresar</a></p>`),
  };
}
