// What is told to who logs in before having activated: the mail to look for, and another one.
import { open } from './api.js';
import { announce, html, notice } from './core.js';
import { createForm } from './forms.js';

export function createWaiting(page, email) {
  let resent = false;
  const resend = createForm({
    page,
    values: {},
    doing: 'mandar el correo',
    async send() {
      await open('POST', '/activation', { email });
      resent = true;
      announce('Te mandamos el correo.');
    },
  });
  return () => (resent
    ? notice('good', 'Te mandamos otro correo', html`Buscalo en <strong>${email}</strong>, también en correo no deseado, y seguí el enlace para activar tu cuenta.`)
    : notice('info', 'Todavía no activaste tu cuenta', 'Buscá el correo que te mandamos al registrarte y seguí el enlace.',
      html`<form @submit=${resend.submit}>${resend.summary()}${resend.button('Enviame otro correo', 'Enviando…', 'secondary small')}</form>`));
}
