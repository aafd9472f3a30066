import { ApiError, hint, login, open, renew } from '../api.js';
import { announce, html, notice, nothing } from '../core.js';
import { createForm } from '../forms.js';
import * as validate from '../validate.js';

const REASONS = {
  vencida: ['info', 'Tu sesión terminó', 'Por seguridad la cerramos. Ingresá de nuevo y seguís donde estabas.'],
  salida: ['good', 'Cerraste la sesión'],
  activada: ['good', 'Tu cuenta está activa', 'Ya podés ingresar con tu correo y tu contraseña.'],
  restablecida: ['good', 'Cambiaste tu contraseña', 'Ingresá con la nueva. Cerramos las sesiones que estaban abiertas.'],
  correo: ['good', 'Cambiaste tu correo', 'De ahora en más ingresá con él.'],
  eliminada: ['good', 'Eliminamos tu cuenta', 'Te mandamos un correo que lo confirma. Gracias por haberla usado.'],
};

export default function create(page) {
  const { query, go } = page;
  const reason = REASONS[query.get('motivo')];
  const back = /^\/(?![/\\])[^\s\\]*$/.test(query.get('volver') ?? '') ? query.get('volver') : '/';
  const state = { waiting: '', resent: false };

  const form = createForm({
    page,
    values: { email: '', password: '', remember: false },
    doing: 'ingresar',
    check: ({ email, password }) => ({ email: validate.email(email), password: validate.required(password, 'Ingresá tu contraseña') }),
    async send({ email, password, remember }) {
      state.waiting = '';
      await login(email.trim(), password, remember);
      await go(back, { replace: true });
    },
    words(error) {
      if (!(error instanceof ApiError)) return null;
      if (error.code === 'not_activated') { state.waiting = form.values.email.trim(); state.resent = false; setTimeout(() => document.getElementById('waiting')?.focus()); return {}; }
      return error.code === 'invalid_credentials' || error.status === 422 ? { _: 'El correo o la contraseña no coinciden. Revisalos y volvé a intentar. Después de varios intentos hay que esperar unos minutos, o recuperar la contraseña.' } : null;
    },
  });
  const resend = createForm({
    page,
    values: {},
    doing: 'mandar el correo',
    async send() {
      await open('POST', '/activation', { email: state.waiting });
      state.resent = true;
      announce('Te mandamos el correo.');
    },
  });

  const waiting = () => (state.resent
    ? notice('good', 'Te mandamos otro correo', html`Buscalo en <strong>${state.waiting}</strong>, también en correo no deseado, y seguí el enlace para activar tu cuenta.`)
    : notice('info', 'Todavía no activaste tu cuenta', 'Buscá el correo que te mandamos al registrarte y seguí el enlace.',
      html`<form @submit=${resend.submit}>${resend.summary()}${resend.button('Enviame otro correo', 'Enviando…', 'secondary small')}</form>`));

  return {
    title: 'Ingresar',
    async enter() {
      if (reason || !hint()) return;
      if (await renew().catch(() => false)) go(back, { replace: true }); // who is in needs no door
    },
    content: () => html`
      <h1>Ingresá a miINTI</h1>
      ${reason && !form.problem && !Object.values(form.errors).some(Boolean) && !state.waiting ? notice(...reason) : nothing}
      ${state.waiting ? html`<div id="waiting" tabindex="-1">${waiting()}</div>` : nothing}
      <form class="form" novalidate @submit=${form.submit}>
        ${form.summary()}
        ${form.field({ id: 'email', label: 'Correo electrónico', type: 'email', mode: 'email', autocomplete: 'username' })}
        ${form.password({ id: 'password', label: 'Contraseña', autocomplete: 'current-password' })}
        <p class="forgot"><a href="/recuperar">Olvidé mi contraseña</a></p>
        ${form.checkBox({ id: 'remember', label: 'Recordarme en este equipo' })}
        ${form.button('Ingresar', 'Ingresando…', 'wide')}
      </form>
      <p class="beside">¿Todavía no tenés cuenta? <a href="/registro">Registrate</a></p>`,
  };
}
