// One document with all that is known of it, and what paid what.
import { SessionEnded, ask } from '../api.js';
import { announce, explained, failure, html, icon, nothing } from '../core.js';
import { download } from '../download.js';
import { FACTS, voucherOf } from '../facts.js';
import * as format from '../format.js';
import { held, isOwed, mark } from '../held.js';
import { SECTIONS, badge, documentPath, gone, isNamed, learn, lost, nameOf } from '../kinds.js';
import { crumbs, skeleton, trouble } from '../pieces.js';
import { onWidthChange, table } from '../table.js';

export default function create(page) {
  const { params, paint, signal } = page;
  const section = SECTIONS[params.section];
  const state = { shown: null, problem: null, missing: false, busy: false, trouble: null, held: null };

  // What the company is called, where no list has told it yet; without it the number stands.
  async function name() {
    try {
      const { company: told } = await ask('GET', `/companies/${encodeURIComponent(params.company)}/docs?kind=${section.kind}&limit=1`, undefined, { signal });
      learn(params.company, told.name);
      paint();
    } catch { /* what is asked for beside it says what went wrong */ }
  }
  async function load() {
    state.problem = null;
    paint();
    if (!isNamed(params.company)) name();
    try {
      const shown = await ask('GET', `/companies/${encodeURIComponent(params.company)}/docs/${encodeURIComponent(params.document)}`, undefined, { signal });
      if (shown.kind !== section.kind) return page.go(documentPath(params.company, shown.id), { replace: true });
      state.shown = shown;
      if (isOwed(shown)) payments();
      page.retitle(section.name(state.shown));
      announce(section.name(state.shown));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SessionEnded) return page.ended();
      state.missing = lost(error, page);
      state.problem = explained(error, 'traer el documento');
    }
    paint();
  }
  async function payments() {
    state.held = await held(page, params.company) ?? new Map();
    if (!signal.aborted) paint();
  }
  async function get() {
    if (state.busy) return;
    state.busy = true;
    paint();
    state.trouble = await download(page, params.company, { id: params.document, name: section.name(state.shown) });
    state.busy = false;
    paint();
  }

  const columns = [
    { id: 'date', title: 'Fecha', kind: 'nowrap', unsorted: true, cell: ({ date }) => format.day(date) },
    { id: 'number', title: 'N° comprobante', kind: 'main nowrap', unsorted: true, cell: ({ doc_id, number }) => html`<a href=${documentPath(params.company, doc_id)}>${format.voucherNumber(number)}</a>` },
    { id: 'type', title: 'Tipo', unsorted: true, cell: ({ type_label }) => type_label },
    { id: 'amount', title: 'Importe', num: true, unsorted: true, cell: ({ amount, currency }) => format.money(amount, currency) },
  ];
  // Receipts and credit notes pay; invoices and debit notes are paid.
  const pays = ({ billed }) => billed === null || billed.startsWith('-');
  const applications = (shown) => html`
    <section class="card" aria-labelledby="applications-title">
      <div class="card-head"><h2 id="applications-title">${pays(shown) ? 'Qué paga' : 'Con qué se pagó'}</h2></div>
      ${table({
        id: 'applications', caption: pays(shown) ? 'Comprobantes que paga' : 'Comprobantes que lo pagan', columns, rows: shown.applications, sort: '', onSort: () => {},
        none: html`<p>${pays(shown) ? 'Todavía no se aplicó a ningún comprobante.' : 'Todavía no hay pagos ni notas de crédito aplicados.'}</p>`,
      })}
    </section>`;

  const related = (shown) => {
    const links = [
      shown.related && ['Se refiere a', documentPath(params.company, shown.related), voucherOf(shown.related)],
      shown.invoice && ['Facturada en', documentPath(params.company, shown.invoice), voucherOf(shown.invoice)],
      shown.kind === 'quote' && shown.work_order && ['Orden de trabajo', documentPath(params.company, `o-${shown.work_order}`), shown.work_order],
      shown.kind === 'work_order' && shown.quote_number && ['Presupuesto', documentPath(params.company, `q-${shown.quote_number}`), shown.quote_number],
    ].filter(Boolean);
    return links.map(([label, href, text]) => html`<div><dt>${label}</dt><dd><a href=${href}>${text}</a></dd></div>`);
  };

  // What is owed can be paid; what is in a payment is gone on with there.
  const pay = (shown) => {
    const there = state.held?.has(shown.id);
    return state.held
      ? html`<a class="button secondary" href="${section.path}/${encodeURIComponent(params.company)}/pagar${there ? '' : `?elegido=${shown.id}`}">${icon('payment')}${there ? 'Ver el pago' : 'Pagar'}</a>` : nothing;
  };
  const fileOf = (shown) => (shown.has_file
    ? html`<button type="button" class="button" aria-disabled=${state.busy ? 'true' : nothing} @click=${get}>${icon('download')}${state.busy ? 'Preparando…' : 'Descargar PDF'}</button>`
    : html`<p class="quiet-text">El PDF todavía no está disponible.</p>`);
  // The same title from the beginning: who stands on it stays there.
  const heading = (shown) => html`
    <div class="heading">
      <div><h1>${shown ? section.name(shown) : section.title}</h1>${shown ? html`<p class="lead">${badge(shown.status ?? shown.stage, shown.status_label ?? shown.stage_label)}${state.held?.has(shown.id) ? mark(state.held.get(shown.id)) : nothing}</p>` : nothing}</div>
      ${shown ? html`<div class="actions-row">${fileOf(shown)}${pay(shown)}</div>` : nothing}
    </div>`;
  const known = (shown) => html`
    ${trouble(state.trouble, state.busy)}
    <section class="card" aria-label="Datos"><div class="card-body">
      <dl class="facts-grid"><div class="printed"><dt>Empresa</dt><dd>${nameOf(params.company)}</dd></div>${FACTS[shown.kind](shown).filter(Boolean).map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}${related(shown)}</dl>
    </div></section>
    ${shown.kind === 'voucher' ? applications(shown) : nothing}`;

  onWidthChange(paint, signal);
  return {
    title: section.title,
    enter: load,
    content: () => {
      if (state.missing) return gone(section);
      return html`
        ${crumbs([[section.path, section.title], [`${section.path}/${params.company}`, nameOf(params.company)]], state.shown ? section.number(state.shown) : 'Detalle')}
        ${heading(state.shown)}
        ${state.shown ? known(state.shown) : state.problem ? failure(state.problem, load) : skeleton(6)}`;
    },
  };
}
