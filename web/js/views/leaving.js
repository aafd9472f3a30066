// The way out. The browser is locked before this page comes; that the session is over it says only where the server did.
import { hint, logout, user } from '../api.js';
import { explained, failure, html, nothing } from '../core.js';
import { theme } from '../frame.js';

export default function create(page) {
  const state = { problem: null };

  async function leave() {
    if (user() || hint()) return page.go('/', { replace: true }); // came in again meanwhile
    const chosen = theme();
    state.problem = null;
    page.paint();
    try {
      await logout();
      theme(chosen); // the answer empties the browser's storage
      if (page.signal.aborted) return;
      return page.go(user() || hint() ? '/' : '/ingresar?motivo=salida', { replace: true });
    } catch (error) {
      if (page.signal.aborted) return;
      state.problem = explained(error, 'avisarle al servidor');
    }
    page.paint();
  }

  return {
    title: 'Cerrar sesión',
    enter: leave,
    content: () => html`
      <h1>${state.problem ? 'Falta cerrar la sesión' : 'Cerrando la sesión…'}</h1>
      ${state.problem ? html`
        <p>En este navegador ya no se ve nada tuyo, pero no pudimos avisarle al servidor que saliste: tu sesión sigue abierta ahí. Si el equipo no es tuyo, no lo dejes hasta que se cierre.</p>
        ${failure(state.problem, leave)}
        <p class="hint">También podés cerrarla desde otro equipo, en «Sesiones abiertas».</p>` : nothing}`,
  };
}
