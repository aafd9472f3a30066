import { open } from '../api.js';
import { announce, html, icon, notice, nothing } from '../core.js';
import { createForm } from '../forms.js';
import { counted } from '../format.js';
import * as passwords from '../passwords.js';
import * as validate from '../validate.js';

const PAUSE = 60; // seconds before the mail may be asked for again

export default function create(page) {
  const { paint, signal } = page;
  const state = { sent: '', pause: 0, again: false };

  const form = createForm({
    page,
    values: { first_name: '', last_name: '', email: '', password: '', repeated: '' },
    doing: 'registrarte',
    check: (v) => ({
      first_name: validate.required(v.first_name, 'Ingresá tu nombre'),
      last_name: validate.required(v.last_name, 'Ingresá tu apellido'),
      email: validate.email(v.email),
      password: passwords.chosen(v.password),
      repeated: passwords.repeated(v.repeated, v.password),
    }),
    async send({ first_name, last_name, email, password }) {
      await open('POST', '/register', { first_name: first_name.trim(), last_name: last_name.trim(), email: email.trim(), password });
      state.sent = email.trim();
      Object.assign(form.values, { password: '', repeated: '' });
      hold();
      announce('Revisá tu correo.');
      setTimeout(() => document.querySelector('main h1')?.focus());
    },
  });
  const resend = createForm({
    page,
    values: {},
    doing: 'mandar el correo',
    async send() {
      if (state.pause) return;
      await open('POST', '/activation', { email: state.sent });
      state.again = true;
      announce('Te mandamos otro correo.');
      hold();
    },
  });

  let timer = null;
  function hold() {
    state.pause = PAUSE;
    clearInterval(timer);
    timer = setInterval(() => {
      state.pause -= 1;
      if (state.pause <= 0 || signal.aborted) { state.pause = 0; clearInterval(timer); }
      if (!signal.aborted) paint();
    }, 1000);
  }

  const rule = (met, text) => html`<li class=${met ? 'met' : ''}>${icon(met ? 'good' : 'clock')}${text}<span class="sr-only">${met ? ' (listo)' : ''}</span></li>`;
  const rules = ({ password, repeated }) => html`
    <ul class="rules">${rule(!passwords.chosen(password), '8 caracteres o más; pueden ser varias palabras')}${rule(repeated !== '' && repeated === password, 'Las dos veces la misma')}</ul>`;

  const done = () => html`
    <h1 tabindex="-1">Revisá tu correo</h1>
    <p>Te escribimos a <strong>${state.sent}</strong>. Seguí el enlace de ese correo para activar tu cuenta; vale 48 horas.</p>
    ${state.again ? notice('good', 'Te mandamos otro correo') : nothing}
    <p>¿No llegó? Mirá en correo no deseado, o revisá que la dirección esté bien escrita.</p>
    <form class="form" @submit=${resend.submit}>
      ${resend.summary()}
      <button class="button secondary" aria-disabled=${state.pause || resend.busy ? 'true' : nothing}>${state.pause ? `Enviar otra vez (en ${counted(state.pause, 'segundo', 'segundos')})` : 'Enviar otra vez'}</button>
      <button type="button" class="text-button" @click=${() => { state.sent = ''; state.again = false; paint(); }}>Corregir mis datos</button>
    </form>
    <p class="beside"><a href="/ingresar">Ir a Ingresar</a></p>`;

  const asking = () => html`
    <h1>Registrá tu nueva cuenta miINTI</h1>
    <p><a href="/ingresar">¿Ya estás registrado?</a> Si sos cliente y proveedor, alcanza con una sola cuenta.</p>
    <form class="form" novalidate @submit=${form.submit}>
      ${form.summary()}
      <p class="hint">Todos los datos son obligatorios.</p>
      <div class="pair">
        ${form.field({ id: 'first_name', label: 'Nombre', autocomplete: 'given-name', capitalize: 'words', maxlength: 80 })}
        ${form.field({ id: 'last_name', label: 'Apellido', autocomplete: 'family-name', capitalize: 'words', maxlength: 80 })}
      </div>
      ${form.field({ id: 'email', label: 'Correo electrónico', type: 'email', mode: 'email', autocomplete: 'username' })}
      ${form.password({ id: 'password', label: 'Contraseña', hint: 'Mínimo 8 caracteres', autocomplete: 'new-password', typed: paint })}
      ${form.password({ id: 'repeated', label: 'Confirmar contraseña', autocomplete: 'new-password', typed: paint })}
      ${rules(form.values)}
      <p class="hint">Al finalizar, revisá tu correo para activar la cuenta. Usamos tus datos solo para este servicio: <a href="/privacidad">privacidad</a>.</p>
      ${form.button('Registrarme', 'Registrando…', 'wide')}
    </form>`;

  return { get title() { return state.sent ? 'Revisá tu correo' : 'Registrate'; }, content: () => (state.sent ? done() : asking()) };
}
