// The links to documents that mails brought and that still open them.
import { ApiError, SessionEnded, ask } from '../api.js';
import { announce, explained, failure, html, icon, notice, nothing } from '../core.js';
import * as format from '../format.js';
import { documentPath } from '../kinds.js';
import { skeleton, troubles } from '../pieces.js';

const KINDS = { voucher: 'Comprobante', withholding: 'Retención', quote: 'Presupuesto', work_order: 'Orden de trabajo' };
const nameOf = ({ document: { kind, number } }) => `${KINDS[kind] ?? 'Documento'} ${kind === 'voucher' ? format.voucherNumber(number) : number}`;

export default function create(page) {
  const { paint, signal } = page;
  const state = { links: null, next: null, problem: null, ending: new Set(), more: false, done: '' };
  const failures = troubles();

  async function load() {
    state.problem = null;
    paint();
    try {
      take([], await ask('GET', '/me/links?limit=25', undefined, { signal }));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SessionEnded) return page.ended();
      state.problem = explained(error, 'traer tus enlaces');
    }
    paint();
  }
  function take(before, { items, next }) {
    const known = new Set(before.map(({ id }) => id));
    Object.assign(state, { links: [...before, ...items.filter(({ id }) => !known.has(id))], next });
  }
  const tried = (key, what, act) => failures.during(key, async () => {
    paint();
    try {
      await act();
    } catch (error) {
      if (signal.aborted) return null;
      state.done = '';
      if (error instanceof SessionEnded) page.ended();
      return explained(error, what);
    }
    return null;
  });
  async function onward() {
    if (state.more) return;
    state.more = true;
    await tried('more', 'traer más enlaces', async () => {
      take(state.links, await ask('GET', `/me/links?limit=25&cursor=${encodeURIComponent(state.next)}`, undefined, { signal }));
    });
    state.more = false;
    paint();
  }
  async function end(link) {
    if (state.ending.has(link.id)) return;
    state.ending.add(link.id);
    await tried(link.id, `anular el enlace de ${nameOf(link)}`, async () => {
      await ask('DELETE', `/me/links/${encodeURIComponent(link.id)}`).catch((error) => {
        if (!(error instanceof ApiError) || error.status !== 404) throw error; // over meanwhile: all the same
      });
      state.links = state.links.filter(({ id }) => id !== link.id);
      state.done = `Anulamos el enlace de ${nameOf(link)}`;
      announce(state.done);
    });
    state.ending.delete(link.id);
    paint();
  }

  const one = (link) => html`
    <li class="session">
      <div><strong><a href=${documentPath(link.company_id, link.doc_id)}>${nameOf(link)}</a></strong> del ${format.day(link.document.date)}
        <p class="session-times">Enviado el ${format.moment(link.created_at)} · vence el ${format.moment(link.expires_at)}</p></div>
      <button type="button" class="button secondary small" aria-disabled=${state.ending.has(link.id) ? 'true' : nothing} @click=${() => end(link)}>${state.ending.has(link.id) ? 'Anulando…' : 'Anular'}<span class="sr-only"> el enlace de ${nameOf(link)}</span></button>
    </li>`;
  const shown = () => (state.links.length || state.next
    ? html`${state.next ? nothing : html`<p class="table-info">${format.counted(state.links.length, 'enlace', 'enlaces')}</p>`}<ul>${state.links.map(one)}</ul>
      ${state.next ? html`<p><button type="button" class="button secondary small" aria-disabled=${state.more ? 'true' : nothing} @click=${onward}>${state.more ? 'Trayendo…' : 'Ver más'}</button></p>` : nothing}`
    : html`<div class="empty">${icon('link')}<p class="empty-title">No hay enlaces que funcionen</p><p>Cuando un correo te avise de un documento, el enlace va a aparecer acá. Elegí de qué te avisamos en <a href="/avisos">Avisos por correo</a>.</p></div>`);

  return {
    title: 'Enlaces por correo',
    enter: load,
    again: () => state.links ?? load(), // also those further on that were brought
    content: () => html`
      <div class="heading"><div><h1>Enlaces por correo</h1><p class="lead">Los que te mandamos y todavía abren un documento, sin ingresar</p></div></div>
      ${state.done ? notice('good', state.done) : nothing}
      ${failures.shown()}
      <section class="card" aria-label="Enlaces"><div class="card-body">
        ${state.problem ? failure(state.problem, load) : state.links ? shown() : skeleton(3)}
      </div></section>`,
  };
}
