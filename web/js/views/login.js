import { ApiError, hint, login, renew } from '../api.js';
import { Outdated, explained, html, inTime, notice, nothing } from '../core.js';
import { createForm } from '../forms.js';
import * as validate from '../validate.js';

const REASONS = {
  vencida: ['info', 'Tu sesión terminó', 'Por seguridad la cerramos. Ingresá de nuevo y seguís donde estabas.'],
  salida: ['good', 'Cerraste la sesión'],
  activada: ['good', 'Tu cuenta está activa', 'Ya podés ingresar con tu correo y tu contraseña.'],
  restablecida: ['good', 'Cambiaste tu contraseña', 'Ingresá con la nueva. Cerramos las sesiones que estaban abiertas.'],
  correo: ['good', 'Cambiaste tu correo', 'De ahora en más ingresá con él.'],
  eliminada: ['good', 'Eliminamos tu cuenta', 'Te mandamos un correo que lo confirma. Gracias por haberla usado.'],
  'sin-respuesta': ['info', 'Puede que tu cuenta ya esté eliminada', 'No nos llegó la respuesta. Si la eliminamos, te mandamos un correo que lo confirma; si no, podés ingresar como siempre.'],
};

export default function create(page) {
  const { query, go } = page;
  const reason = REASONS[query.get('motivo')];
  const back = /^\/(?![/\\])[^\s\\]*$/.test(query.get('volver') ?? '') ? query.get('volver') : '/';
  let waiting = null; // what is told to who has not activated yet

  const form = createForm({
    page,
    values: { email: '', password: '', remember: false },
    doing: 'ingresar',
    check: ({ email, password }) => ({ email: validate.email(email), password: validate.required(password, 'Ingresá tu contraseña') }),
    async send({ email, password, remember }) {
      waiting = null;
      await login(email.trim(), password, remember);
      await go(back, { replace: true });
    },
    words(error) {
      if (!(error instanceof ApiError)) return null;
      if (error.code === 'not_activated') { notYet(form.values.email.trim()); return {}; }
      return error.code === 'invalid_credentials' || error.status === 422 ? { _: 'El correo o la contraseña no coinciden. Revisalos y volvé a intentar. Después de varios intentos hay que esperar unos minutos, o recuperar la contraseña.' } : null;
    },
  });
  async function notYet(email) {
    try {
      waiting = (await inTime(import('../waiting.js'))).createWaiting(page, email);
    } catch {
      form.problem = explained(new Outdated());
    }
    page.paint();
    document.getElementById('waiting')?.focus();
  }

  return {
    title: 'Ingresar',
    async enter() {
      if (reason || !hint() || hint().payer) return;
      if (await renew().catch(() => false)) go(back, { replace: true }); // who is in needs no door
    },
    content: () => html`
      <h1>Ingresá a miINTI</h1>
      ${reason && !form.problem && !Object.values(form.errors).some(Boolean) && !waiting ? notice(...reason) : nothing}
      ${waiting ? html`<div id="waiting" tabindex="-1">${waiting()}</div>` : nothing}
      <form class="form" novalidate @submit=${form.submit}>
        ${form.summary()}
        ${form.field({ id: 'email', label: 'Correo electrónico', type: 'email', mode: 'email', autocomplete: 'username' })}
        ${form.password({ id: 'password', label: 'Contraseña', autocomplete: 'current-password' })}
        <p class="forgot"><a href="/recuperar">Olvidé mi contraseña</a></p>
        ${form.checkBox({ id: 'remember', label: 'Recordarme en este equipo' })}
        ${form.button('Ingresar', 'Ingresando…', 'wide')}
      </form>
      <p class="beside">¿Todavía no tenés cuenta? <a href="/registro">Registrate</a></p>
      <p class="beside">¿Tenés una clave de pago? <a href="/pago">Pagá con ella</a></p>`,
  };
}
