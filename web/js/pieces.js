// Pieces that only the pages of who is logged in use.
import { failure, html, icon, nothing } from './core.js';

// What went wrong with an act, kept, unseen, while it is tried again: nothing moves under a second click.
export const trouble = (problem, waiting) => (problem ? failure(problem, null, `trouble ${waiting ? 'waiting' : ''}`) : nothing);
// The same of acts side by side, each by its key. act answers what went wrong, or null.
export function troubles() {
  const met = new Map();
  return {
    async during(key, act) {
      met.set(key, { ...met.get(key), again: true });
      met.set(key, { problem: await act() });
    },
    shown: () => [...met.values()].map(({ problem, again }) => trouble(problem, again)),
  };
}

export const skeleton = (rows = 6) => html`
  <div class="skeleton" role="status"><span class="sr-only">Cargando…</span>${Array.from({ length: rows }, () => html`<span class="bone"></span>`)}</div>`;

export const crumbs = (parents, here) => html`
  <nav class="crumbs" aria-label="Ubicación">
    ${parents.map(([href, text]) => html`<a href=${href}>${text}</a><span class="crumbs-arrow">${icon('right')}</span>`)}
    <span class="crumbs-here" aria-current="page">${here}</span>
  </nav>`;

// Menus made of <details> close with Escape and when the focus leaves them.
export function closeOnLeave(event) {
  if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
}
export function closeOnEscape(event) {
  const menu = event.currentTarget;
  if (event.key !== 'Escape' || !menu.open) return;
  menu.open = false;
  menu.querySelector('summary').focus();
}

// A native dialog: Escape closes it, the focus goes back to what opened it. A click beside it does not: what was typed
// would go, and a box that has just become smaller is easily missed.
export const dialog = ({ id, title, content, footer, submit, described = nothing }) => {
  const close = () => document.getElementById(id).close();
  return html`
    <dialog id=${id} class="dialog" aria-labelledby="${id}-title" aria-describedby=${described}>
      <form class="dialog-box" novalidate @submit=${(event) => { event.preventDefault(); submit(event); }}>
        <header><h2 id="${id}-title">${title}</h2><button type="button" class="icon-button" @click=${close}>${icon('close')}<span class="sr-only">Cerrar</span></button></header>
        ${content}
        <footer>${footer(close)}</footer>
      </form>
      <div class="said sr-only" role="log" aria-live="polite"></div>
    </dialog>`;
};
