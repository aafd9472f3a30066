import { ApiError, NetworkError, lock, open, user } from '../api.js';
import { html, notice, nothing } from '../core.js';
import { createForm } from '../forms.js';
import * as passwords from '../passwords.js';

export default function create(page) {
  const token = new URLSearchParams(page.hash).get('t') ?? '';
  const state = { lost: false, spent: !/^[A-Za-z0-9_.-]{1,4096}$/.test(token) };
  const form = createForm({
    page,
    values: { password: '', repeated: '' },
    doing: 'cambiar la contraseña',
    check: (v) => ({ password: passwords.chosen(v.password), repeated: passwords.repeated(v.repeated, v.password) }),
    async send({ password }) {
      await open('POST', '/password/reset', { token, password });
      if (user()) lock(); // every session has ended
      await page.go('/ingresar?motivo=restablecida', { replace: true });
    },
    words(error) {
      state.lost ||= error instanceof NetworkError;
      if (!(error instanceof ApiError) || error.code === 'validation_failed' && error.errors.some(({ field }) => field === 'password')) return null;
      if (error.status >= 500 || error.status === 429) return null;
      state.spent = true;
      return {};
    },
  });
  return {
    title: 'Restablecé tu contraseña',
    content: () => html`
      <h1>Restablecé tu contraseña</h1>
      ${state.spent
        ? notice('error', 'El enlace venció o ya fue usado', html`${state.lost ? html`No nos llegó la respuesta del intento anterior: puede que tu contraseña ya sea la nueva. <a href="/ingresar">Probá ingresar</a>. ` : nothing}Los enlaces valen una hora y sirven una vez. <a href="/recuperar">Pedí otro</a>`)
        : html`
          <p>Elegí una contraseña nueva. Se van a cerrar las sesiones que tengas abiertas.</p>
          <form class="form" novalidate @submit=${form.submit}>
            ${form.summary()}
            ${form.password({ id: 'password', label: 'Contraseña nueva', hint: '8 caracteres o más; pueden ser varias palabras', autocomplete: 'new-password' })}
            ${form.password({ id: 'repeated', label: 'Confirmar contraseña', autocomplete: 'new-password' })}
            ${form.button('Guardar la contraseña', 'Guardando…', 'wide')}
          </form>`}`,
  };
}
