// The running account of a client: what was billed and paid, day by day, and how long what is owed has been due.
import { BUCKETS, ageing, owed } from '../ageing.js';
import { SessionEnded, ask, now } from '../api.js';
import { explained, failure, html, icon, nothing } from '../core.js';
import { periodChoice } from '../filters.js';
import * as format from '../format.js';
import { SECTIONS, documentPath, gone, learn, lost, nameOf } from '../kinds.js';
import * as listing from '../listing.js';
import { crumbs, skeleton } from '../pieces.js';
import { onWidthChange, table } from '../table.js';

const STEPS = 20; // pages of a hundred debits
const MORE = 200; // movements painted at once: thousands take seconds on a phone
const TITLE = 'Cuenta corriente';
// As large as what comes in its place nearly always: debts in one currency.
const ROOM = { currency: 'ARS', total: '0.00', overdue: '0.00', count: 0, buckets: BUCKETS.map(([id, label]) => ({ id, label, amount: '0.00', count: 0, share: 0 })) };

export default function create(page) {
  const { params, query, paint, signal } = page;
  const section = SECTIONS.comprobantes;
  const base = `${section.path}/${encodeURIComponent(params.company)}`;
  const { from, to } = listing.read(query, { sorts: [], sort: '' });
  const list = { from, to };
  const state = { company: null, statement: null, debt: null, many: false, busy: false, problem: null, debtProblem: null, missing: false, other: false, shown: MORE, printing: false, begun: false };
  let asking = null;

  async function load() {
    asking?.abort();
    asking = new AbortController();
    const mine = asking;
    Object.assign(state, { busy: true, problem: null });
    paint();
    const wanted = new URLSearchParams(Object.entries(list).filter(([, value]) => value));
    try {
      state.statement = await ask('GET', `/companies/${encodeURIComponent(params.company)}/statement?${wanted}`, undefined, { signal: mine.signal });
    } catch (error) {
      if (mine.signal.aborted) return;
      if (error instanceof SessionEnded) return page.ended();
      state.missing = lost(error, page);
      state.problem = explained(error, 'traer la cuenta corriente');
    }
    if (mine.signal.aborted) return;
    state.busy = false;
    paint();
  }
  async function loadDebt() {
    state.debtProblem = null;
    paint();
    try {
      const { rows } = await owed(params.company, { signal, steps: STEPS, begun });
      Object.assign(state, { many: !rows, debt: rows && ageing(rows, format.today(now())) });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SessionEnded) return page.ended();
      state.missing ||= lost(error, page); // also a supplier, who has no vouchers
      Object.assign(state, { begun: true, debtProblem: explained(error, 'calcular lo que está sin pagar') });
    }
    paint();
  }
  function begun(company) {
    Object.assign(state, { company, begun: true });
    learn(params.company, company.name);
    page.retitle(`${TITLE} – ${company.name}`);
  }
  function set(changes) {
    Object.assign(list, changes);
    state.shown = MORE;
    listing.addressed('pushState', null, `${base}/cuenta${listing.written({ ...list, size: 10, page: 1 }, {})}`);
    load();
  }

  // Below zero it is the company's: said in words, not by a sign.
  const balanced = (text) => (text?.startsWith('-') ? html`${money(text.slice(1))} a favor` : money(text));
  const money = (text) => (text === null ? '–' : format.money(text, state.statement.currency));
  const columns = [
    { id: 'date', title: 'Fecha', kind: 'nowrap', unsorted: true, cell: ({ date }) => format.day(date) },
    { id: 'number', title: 'Comprobante', kind: 'main', unsorted: true, cell: ({ doc_id, number, type_label, edge }) => (edge
      ? html`<strong>${edge}</strong>` : html`<a href=${documentPath(params.company, doc_id)}>${type_label} <span class="nowrap">${format.voucherNumber(number)}</span></a>`) },
    { id: 'debit', title: 'Debe', num: true, unsorted: true, cell: ({ debit }) => money(debit) },
    { id: 'credit', title: 'Haber', num: true, unsorted: true, cell: ({ credit }) => money(credit) },
    { id: 'balance', title: 'Saldo', num: true, unsorted: true, cell: ({ balance, edge }) => (edge ? html`<strong>${balanced(balance)}</strong>` : balanced(balance)) },
  ];
  const edge = (words, balance, date) => ({
    edge: balance.startsWith('-') ? `${words} (saldo a favor)` : words, balance, date, debit: null, credit: null,
  });

  // The newest are seen first; what the balance was before them stands on top, so that what is seen adds up.
  function movements({ opening, closing, movements: all }) {
    const hidden = state.printing ? 0 : Math.max(0, all.length - state.shown);
    const before = hidden ? all[hidden - 1].balance : opening;
    const more = () => { state.shown += MORE; paint(); };
    return html`
      ${hidden ? html`<div class="tools"><p class="table-info">Mostrando los últimos ${format.integer(all.length - hidden)} de ${format.integer(all.length)} movimientos</p>
        <button type="button" class="button secondary small" @click=${more}>Mostrar más<span class="sr-only"> movimientos anteriores</span></button></div>` : nothing}
      ${table({
        id: 'statement', caption: 'Movimientos, del más antiguo al más nuevo', columns, busy: state.busy, sort: '', onSort: () => {}, none: nothing,
        rows: [edge('Saldo anterior', before, null), ...all.slice(hidden), edge('Saldo final', closing, list.to || null)],
      })}`;
  }
  const printing = (whole) => () => { state.printing = whole; paint(); };

  // A bar is as long as its share; its figures stand beside it, so it is for the eye alone.
  const bar = ({ id, share }) => html`<svg class="share share-${id}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="share-all" width="100" height="10"></rect><rect width=${share} height="10"></rect></svg>`;
  const owing = ({ currency, total, overdue, count, buckets }) => html`
    <dl class="facts"><div><dt>Sin pagar</dt><dd>${format.money(total, currency)}</dd></div>
      <div><dt>Vencido</dt><dd>${format.money(overdue, currency)}</dd></div><div><dt>Comprobantes</dt><dd>${format.integer(count)}</dd></div></dl>
    <table class="ageing" role="table">
      <caption class="sr-only">Lo que está sin pagar, según hace cuánto venció</caption>
      <thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Vencimiento</th><th scope="col" role="columnheader">Parte</th><th scope="col" role="columnheader" class="num">Importe</th></tr></thead>
      <tbody role="rowgroup">${buckets.map((bucket) => html`
        <tr role="row"><th scope="row" role="rowheader">${bucket.label} <span class="quiet-text">(${format.integer(bucket.count)})</span></th>
          <td role="cell" class="share-cell">${bar(bucket)}<span class="share-text">${format.percent(bucket.share)}</span></td>
          <td role="cell" class="num">${format.money(bucket.amount, currency)}</td></tr>`)}</tbody>
    </table>`;
  // Nothing that is seen moves when the rest comes. How many lines the company takes is known before anything stands under
  // it, and the movements come under what is owed, or under room for it.
  const came = () => Boolean(state.statement || state.problem);
  const summed = () => Boolean(state.debt || state.many || state.debtProblem);
  const debt = () => {
    if (state.debtProblem) return failure(state.debtProblem, loadDebt);
    if (state.many) return html`<p>Hay más de ${format.integer(STEPS * 100)} comprobantes sin pagar: son demasiados para sumarlos acá. Exportalos desde <a href="${base}?sort=status">Descarga de comprobantes</a>.</p>`;
    if (!state.debt) return came() ? html`<div class="awaited">${skeleton(6)}<div class="room">${owing(ROOM)}</div></div>` : skeleton(6);
    return state.debt.length ? state.debt.map(owing) : html`<p>No hay nada sin pagar.</p>`;
  };

  const period = () => {
    if (!list.from && !list.to) return 'Todas las fechas';
    return [list.from && `desde el ${format.day(list.from)}`, list.to && `hasta el ${format.day(list.to)}`].filter(Boolean).join(' ');
  };

  const facts = () => html`
    <dl class="facts">
      <div><dt>Empresa</dt><dd>${nameOf(params.company)}</dd></div>
      <div><dt>CUIT</dt><dd>${state.company ? format.cuit(state.company.cuit) : '–'}</dd></div>
      <div><dt>Código</dt><dd>${state.company?.number ?? params.company.slice(2)}</dd></div>
      <div class="printed"><dt>Período</dt><dd>${period()}</dd></div>
      <div class="printed"><dt>Emitido el</dt><dd>${format.moment(now())}</dd></div>
    </dl>`;
  const cards = () => html`
    <section class="card" aria-labelledby="debt-title">
      <div class="card-head"><h2 id="debt-title">Sin pagar, al ${format.day(format.today(now()))}</h2></div>
      <div class="card-body debt">${debt()}</div>
    </section>
    ${came() || summed() ? html`<section class="card" aria-labelledby="statement-title">
      <div class="card-head"><h2 id="statement-title">Movimientos</h2></div>
      ${came() ? html`<div class="tools">${periodChoice({ list, state, set, paint })}</div>` : nothing}
      ${state.problem ? failure(state.problem, load) : state.statement ? movements(state.statement) : skeleton(8)}
    </section>` : nothing}`;

  signal.addEventListener('abort', () => asking?.abort());
  onWidthChange(paint, signal);
  addEventListener('beforeprint', printing(true), { signal });
  addEventListener('afterprint', printing(false), { signal });
  return {
    title: TITLE,
    enter: () => Promise.all([load(), loadDebt()]),
    content: () => {
      if (state.missing) return gone(section);
      const { statement } = state;
      return html`
        ${crumbs([[section.path, section.title], [base, nameOf(params.company)]], TITLE)}
        <div class="heading">
          <div><h1>${TITLE}</h1>${state.begun ? facts() : nothing}</div>
          ${state.begun ? html`<button type="button" class="button secondary" aria-disabled=${statement ? nothing : 'true'} @click=${() => statement && print()}>${icon('print')}Imprimir o guardar PDF</button>` : nothing}
        </div>
        ${state.begun ? cards() : html`<section class="card" aria-label=${TITLE}>${skeleton(8)}</section>`}`;
    },
  };
}
