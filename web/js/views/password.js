import { ApiError, NetworkError, ask, user } from '../api.js';
import { announce, html, notice, nothing } from '../core.js';
import { createForm } from '../forms.js';
import * as passwords from '../passwords.js';
import * as validate from '../validate.js';

export default function create(page) {
  const state = { done: false, lost: false };
  const form = createForm({
    page,
    values: { current_password: '', password: '', repeated: '' },
    doing: 'cambiar la contraseña',
    check: (v) => ({
      current_password: validate.required(v.current_password, 'Ingresá tu contraseña actual'),
      password: passwords.chosen(v.password),
      repeated: passwords.repeated(v.repeated, v.password),
    }),
    async send({ current_password, password }) {
      state.done = false;
      await ask('POST', '/password', { current_password, password });
      state.done = true;
      Object.assign(form.values, { current_password: '', password: '', repeated: '' });
      announce('Cambiamos tu contraseña.');
    },
    words(error) {
      state.lost ||= error instanceof NetworkError;
      if (!(error instanceof ApiError) || error.code !== 'invalid_credentials') return null;
      return { current_password: state.lost ? 'No es correcta, o ya la cambiaste: no nos llegó la respuesta del intento anterior' : 'La contraseña actual no es correcta' };
    },
  });
  return {
    title: 'Cambiar la contraseña',
    unsaved: () => (form.values.password ? 'Todavía no cambiaste la contraseña. ¿Querés salir igual?' : ''),
    content: () => html`
      <div class="heading"><div><h1>Cambiar la contraseña</h1><p class="lead">Se cierran tus otras sesiones; esta sigue abierta</p></div></div>
      <section class="card"><div class="card-body"><form class="form narrow" novalidate @submit=${form.submit}>
        ${state.done ? notice('good', 'Cambiamos tu contraseña', 'Cerramos tus otras sesiones y te mandamos un correo que lo cuenta.') : nothing}
        ${form.summary()}
        <div class="sr-only" aria-hidden="true"><input type="text" autocomplete="username" .value=${user()?.email ?? ''} tabindex="-1" readonly></div>
        ${form.password({ id: 'current_password', label: 'Contraseña actual', autocomplete: 'current-password' })}
        ${form.password({ id: 'password', label: 'Contraseña nueva', hint: '8 caracteres o más; pueden ser varias palabras', autocomplete: 'new-password' })}
        ${form.password({ id: 'repeated', label: 'Confirmar contraseña', autocomplete: 'new-password' })}
        ${form.button('Cambiar la contraseña', 'Cambiando…')}
      </form></div></section>`,
  };
}
