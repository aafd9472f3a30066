// Pieces that every page uses: templates, icons, notices, what a failure means to people. pieces.js has those of the pages
// of who is logged in.
import { html, nothing, render } from '../vendor/lit-html-3.3.3.js';
import { ApiError, NetworkError, SessionEnded } from './api.js';
import { wait } from './format.js';

export { html, nothing, render };

export const icon = (id) => html`<svg class="icon" aria-hidden="true" focusable="false"><use href=${`/icons.svg#${id}`}></use></svg>`;

// Said by screen readers, one after another and the same words again too. Where it stands is there from the start: what
// comes together with its words is told by few of them. Beside an open dialog nothing is heard: it has its own.
const SAID = 5000; // milliseconds
export function announce(text) {
  const line = document.createElement('p');
  line.textContent = text;
  ([...document.querySelectorAll('dialog[open] .said')].at(-1) ?? document.getElementById('announcements')).append(line);
  setTimeout(() => line.remove(), SAID);
}

// Paints a page. What its list shows is said where that has changed; what went wrong with an act comes into sight; and who
// stood on what is gone stands on what held it: on nothing, a keyboard would begin at the top again.
let told = '';
let wrong = null;
export function show(page, root) {
  const held = [];
  for (let at = document.activeElement; at; at = at.parentElement) held.push(at);
  render(page, root);
  if (held.length && !held[0].isConnected) {
    const place = held.find((one) => one.isConnected && one.matches('section, dialog, main'));
    place?.setAttribute('tabindex', '-1');
    place?.focus({ preventScroll: true });
  }
  const shown = root.querySelector('main .table-info')?.textContent ?? '';
  if (shown && shown !== told) announce(shown);
  told = shown;
  const before = wrong;
  wrong = root.querySelector('main .trouble:not(.waiting)');
  if (wrong && wrong !== before) wrong.scrollIntoView({ block: 'nearest' });
}

const ICONS = { good: 'good', offline: 'offline', info: 'question', error: 'error' };
export const notice = (kind, title, text = nothing, actions = nothing, classes = '') => html`
  <div class="notice notice-${kind} ${classes}" role=${kind === 'error' || kind === 'offline' ? 'alert' : 'status'}>
    ${icon(ICONS[kind])}
    <div><p class="notice-title">${title}</p>${text === nothing || text === '' ? nothing : html`<p>${text}</p>`}${actions}</div>
  </div>`;

// A module that cannot be had: a new version took it away, or there is no network.
export class Outdated extends Error {}
export const outdated = () => (navigator.onLine
  ? 'Hay una versión nueva de miINTI, o se cortó la conexión justo ahora.' : 'No hay conexión a internet. Cuando vuelva, actualizá la página.');
export const reload = () => html`<button type="button" class="button" @click=${() => location.reload()}>Actualizar</button>`;

// A module, or a failure where it does not come.
export const inTime = (module) => Promise.race([module, new Promise((_, over) => { setTimeout(over, 25_000, new Outdated()); })]);

// A failure in words: { kind, title, text }. `what` completes "No pudimos …".
export function explained(error, what) {
  if (error instanceof Outdated) return { kind: 'error', title: 'Actualizá la página', text: outdated(), outdated: true };
  if (error instanceof SessionEnded) return { kind: 'error', title: `No pudimos ${what}`, text: 'Tu sesión terminó antes. Probá de nuevo.' };
  if (error instanceof NetworkError) return { kind: 'offline', title: error.title, text: `${error.message} No pudimos ${what}. Revisá tu conexión a internet y probá de nuevo.` };
  if (error instanceof ApiError && error.status === 429) return { kind: 'error', title: 'Demasiados intentos', text: `No pudimos ${what}. Probá de nuevo en ${wait(error.retryAfter)}.` };
  if (error instanceof ApiError && (error.status < 500 || error.code === 'payments_unavailable')) return { kind: 'error', title: `No pudimos ${what}`, text: error.message };
  if (error instanceof ApiError && error.status === 503) return { kind: 'error', title: `No pudimos ${what}`, text: 'El servicio no responde en este momento. Probá de nuevo en unos segundos.' };
  if (!(error instanceof ApiError)) setTimeout(() => { throw error; }); // a mistake of ours: to the console too
  const reference = error.requestId ? ` Si se repite, avisanos con este número de pedido: ${error.requestId}.` : '';
  return { kind: 'error', title: `No pudimos ${what}`, text: `El problema es nuestro. Probá de nuevo en unos minutos.${reference}` };
}
export const failure = ({ kind, title, text, outdated: old }, retry, classes) =>
  notice(kind, title, text, old ? reload() : retry ? html`<button type="button" class="button secondary small" @click=${retry}>Reintentar</button>` : nothing, classes);
