import { ApiError, SessionEnded, ask } from '../api.js';
import { browser } from '../browsers.js';
import { announce, explained, failure, html, icon, notice, nothing } from '../core.js';
import * as format from '../format.js';
import { skeleton, troubles } from '../pieces.js';

export default function create(page) {
  const { paint, signal } = page;
  const state = { sessions: null, problem: null, closing: new Set(), done: '' };
  const failures = troubles();

  async function load() {
    state.problem = null;
    paint();
    try {
      state.sessions = (await ask('GET', '/sessions?limit=100', undefined, { signal })).items;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SessionEnded) return page.ended();
      state.problem = explained(error, 'traer tus sesiones');
    }
    paint();
  }
  async function close(sessions) {
    const wanted = sessions.filter(({ id }) => !state.closing.has(id));
    if (!wanted.length) return;
    wanted.forEach(({ id }) => state.closing.add(id));
    paint();
    let failed = null;
    for (const { id } of wanted) {
      await failures.during(id, async () => { failed = await closed(id); return failed; });
      if (failed) break;
    }
    if (signal.aborted) return;
    state.done = failed ? '' : wanted.length === 1 ? 'Cerramos la sesión' : `Cerramos ${format.counted(wanted.length, 'sesión', 'sesiones')}`;
    if (state.done) announce(state.done);
    wanted.forEach(({ id }) => state.closing.delete(id));
    paint();
  }
  async function closed(id) {
    paint();
    try {
      await ask('DELETE', `/sessions/${id}`).catch((error) => {
        if (!(error instanceof ApiError) || error.status !== 404) throw error; // ended meanwhile: all the same
      });
      state.sessions = state.sessions.filter((session) => session.id !== id);
      return null;
    } catch (error) {
      if (error instanceof SessionEnded) page.ended();
      return explained(error, 'cerrar la sesión');
    }
  }

  const session = (one) => html`
    <li class="session">
      <div><strong>${browser(one.user_agent)}</strong> ${one.current ? html`<span class="badge good">${icon('good')}Esta sesión</span>` : nothing}
        <p class="session-times">Abierta el ${format.moment(one.created_at)} · usada por última vez el ${format.moment(one.last_used_at)}</p></div>
      ${one.current ? nothing : html`<button type="button" class="button secondary small" aria-disabled=${state.closing.has(one.id) ? 'true' : nothing} @click=${() => close([one])}>${state.closing.has(one.id) ? 'Cerrando…' : 'Cerrar'}<span class="sr-only"> la de ${browser(one.user_agent)} abierta el ${format.moment(one.created_at)}</span></button>`}
    </li>`;

  const shown = () => {
    const others = state.sessions.filter(({ current }) => !current);
    return html`
      <ul>${state.sessions.map(session)}</ul>
      ${others.length
        ? html`<p><button type="button" class="button" aria-disabled=${state.closing.size ? 'true' : nothing} @click=${() => close(others)}>Cerrar las demás</button></p>
          <p class="hint">¿Hay alguna que no reconocés? Cerrala y <a href="/contrasena">cambiá la contraseña</a>.</p>`
        : html`<p class="hint">No hay otras sesiones abiertas.</p>`}`;
  };

  return {
    title: 'Sesiones abiertas',
    enter: load,
    content: () => html`
      <div class="heading"><div><h1>Sesiones abiertas</h1><p class="lead">Dónde está abierta tu cuenta</p></div></div>
      ${state.done ? notice('good', state.done) : nothing}
      ${failures.shown()}
      <section class="card" aria-label="Sesiones"><div class="card-body">
        ${state.problem ? failure(state.problem, load) : state.sessions ? shown() : skeleton(3)}
      </div></section>`,
  };
}
