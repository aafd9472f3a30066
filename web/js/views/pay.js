// What a client owes, and paying it: one document, several, or all that is overdue. The amount is worked out by the API; the
// browser names documents. Where one pays is the provider's page; what became of it is told here.
import { cents, decimal } from '../ageing.js';
import { ApiError, SessionEnded, ask, user } from '../api.js';
import { Outdated, announce, explained, failure, html, icon, inTime, notice, nothing } from '../core.js';
import { voucherOf } from '../facts.js';
import { createForm } from '../forms.js';
import * as format from '../format.js';
import { SECTIONS, badge, documentPath, gone, learn, lost, nameOf, withLetter } from '../kinds.js';
import { crumbs, skeleton, trouble } from '../pieces.js';
import { onWidthChange, table } from '../table.js';

const section = SECTIONS.comprobantes;
const MOST = 90; // documents of one payment
const LOOKS = {
  created: ['care', 'clock'], pending: ['care', 'clock'], in_process: ['care', 'clock'], credited: ['good', 'good'], rejected: ['bad', 'error'],
};
const MOVING = ['created', 'pending', 'in_process']; // and what can still be gone on with: another card, that no notice has told of yet
const AGAIN = 5000; // milliseconds between two looks at what is on its way
const LOOKED = 24; // looks
const PAGE = 10; // payments asked for at once
const MORE = 200; // debts painted at once: thousands take seconds on a phone

const added = (rows) => decimal(rows.reduce((sum, { remaining }) => sum + cents(remaining), 0n));
const merged = (some, others) => [...some, ...others.filter(({ id }) => !some.some((one) => one.id === id))];
// "1.234,5" as the API wants it, '' where it is no amount.
const typedAmount = (text) => {
  const found = /^(\d{1,3}(?:\.\d{3})+|\d{1,13})(?:,(\d{1,2}))?$/.exec(text.trim());
  return found ? `${found[1].replaceAll('.', '').replace(/^0+(?=\d)/, '')}.${(found[2] ?? '').padEnd(2, '0')}` : '';
};

export default function create(page) {
  const { params, query, paint, signal } = page;
  const company = params.company;
  const base = `${section.path}/${encodeURIComponent(company)}`;
  const state = { debts: null, payments: null, next: null, problem: null, missing: false, trouble: null, ending: '', started: null, shown: MORE, more: false, brought: false, transfers: null, opening: false, away: null, dropped: null };
  const sent = query.get('elegido'); // by a document's page
  const chosen = new Set(sent ? [sent] : []);
  let looks = 0;
  let timer = null;

  const asked = (cursor = '') => ask('GET', `/companies/${encodeURIComponent(company)}/payments?limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, undefined, { signal });
  async function load() {
    state.problem = null;
    paint();
    try {
      const [debts, payments] = await Promise.all([
        ask('GET', `/companies/${encodeURIComponent(company)}/debts`, undefined, { signal }),
        asked(),
      ]);
      learn(company, debts.company.name);
      // Older ones that were brought stay.
      Object.assign(state, { debts, payments: merged(payments.items, state.brought ? state.payments : []), next: state.brought ? state.next : payments.next });
      for (const id of chosen) if (!free().some((row) => row.id === id)) chosen.delete(id);
      if (sent && state.dropped === null) {
        state.dropped = !chosen.has(sent);
        state.shown = Math.max(MORE, 1 + debts.items.findIndex(({ id }) => id === sent)); // its box is there to be cleared
      }
      page.retitle(`Pagar – ${debts.company.name}`);
      later();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SessionEnded) return page.ended();
      state.missing = lost(error, page);
      state.problem = explained(error, 'traer lo que debés');
    }
    paint();
  }
  // Who comes back from the provider's page sees what becomes of it without asking. What is owed has changed only where a
  // payment has.
  function later() {
    clearTimeout(timer);
    if (state.payments.some((one) => one.redirect_url || MOVING.includes(one.state)) && looks < LOOKED) timer = setTimeout(look, AGAIN);
  }
  async function look() {
    const busy = () => document.visibilityState !== 'visible' || form.busy || state.ending || state.more;
    if (busy()) {
      timer = setTimeout(look, AGAIN);
      return undefined;
    }
    looks += 1;
    const states = (payments) => payments.slice(0, PAGE).map(({ id, state: now }) => `${id} ${now}`).join();
    try {
      if (states((await asked()).items) !== states(state.payments) && !busy()) return load();
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof SessionEnded) return page.ended(); // of all else the next look, or the next act, tells
    }
    return later();
  }
  async function onward() {
    if (state.more) return;
    state.more = true;
    paint();
    try {
      const { items, next } = await asked(state.next);
      Object.assign(state, { payments: merged(state.payments, items), next, brought: true, trouble: null });
    } catch (error) {
      if (signal.aborted) return;
      state.trouble = explained(error, 'traer más pagos');
      if (error instanceof SessionEnded) page.ended();
    }
    state.more = false;
    paint();
  }

  // Of who pays with a key no other page is.
  const payer = () => Boolean(user()?.company);
  const toDocument = (id, text) => (payer() ? text : html`<a href=${documentPath(company, id)}>${text}</a>`);
  // A receipt may have come for a payment that the debts still tell of.
  const taken = ({ payment }) => payment && state.payments.find(({ id }) => id === payment)?.holds !== false;
  const free = () => state.debts.items.filter((row) => !taken(row));
  const wanted = () => free().filter(({ id }) => chosen.has(id));
  const overdue = () => free().filter(({ status }) => status === 'overdue');
  function choose(act) {
    act();
    form.values.amount = ''; // it was another document's
    form.errors = {};
    paint();
  }
  // All that is overdue may be more than one payment takes: then its oldest, which come first.
  const latest = () => overdue().slice(0, MOST);

  /* --- paying --- */

  let key = null; // { of: the request as text, id }: the same request again is the same payment
  async function start(request) {
    const of = JSON.stringify(request);
    if (key?.of !== of) key = { of, id: crypto.randomUUID() };
    const payment = await ask('POST', `/companies/${encodeURIComponent(company)}/payments`, request, { headers: { 'Idempotency-Key': key.id } });
    key = null;
    chosen.clear();
    form.values.amount = '';
    if (!payment.redirect_url) return load();
    announce('Te llevamos al medio de pago.');
    state.started = payment;
    location.assign(payment.redirect_url);
  }
  let all = false; // which button was pressed
  const form = createForm({
    page,
    values: { amount: '' },
    doing: 'empezar el pago',
    check({ amount }) {
      const rows = wanted();
      if (all) return {};
      if (!rows.length) return { pay: 'Elegí en el listado qué querés pagar' };
      if (rows.length > MOST) return { pay: `Podés pagar hasta ${MOST} comprobantes por vez` };
      if (rows.length > 1 || !amount.trim()) return {};
      const part = typedAmount(amount);
      if (!part || cents(part) === 0n) return { amount: 'Escribí un importe, por ejemplo 1.234,50' };
      return cents(part) > cents(rows[0].remaining) ? { amount: `No puede ser más que lo que falta pagar: ${format.money(rows[0].remaining, 'ARS')}` } : {};
    },
    async send({ amount }) {
      if (all) return start({ doc_ids: latest().map(({ id }) => id) }); // what the button says, whatever has changed since
      const rows = wanted();
      const part = rows.length === 1 && amount.trim() ? { amount: typedAmount(amount) } : {};
      return start({ doc_ids: rows.map(({ id }) => id), ...part });
    },
    words(error) {
      if (!(error instanceof ApiError)) return null;
      if ((error.status < 500 || error.code === 'payments_unavailable') && error.status !== 429 && error.code !== 'request_in_progress') key = null;
      if (error.code === 'payment_in_process') { load(); return { pay: 'Alguno de los comprobantes ya está en un pago sin terminar: fijate abajo, en tus pagos.' }; }
      if (error.status !== 422 || error.code !== 'validation_failed') return null;
      load();
      return { pay: 'Alguno de los comprobantes ya no se puede pagar. Actualizamos el listado: fijate y elegí otra vez.' };
    },
  });
  const press = (which) => { if (!form.busy) all = which; };

  async function end(payment) {
    if (state.ending) return;
    Object.assign(state, { ending: payment.id });
    paint();
    try {
      await ask('DELETE', `/companies/${encodeURIComponent(company)}/payments/${payment.id}`);
      state.trouble = null;
      announce('Cancelamos el pago.');
      await load();
    } catch (error) {
      if (signal.aborted) return;
      state.trouble = error instanceof ApiError && error.code === 'payment_in_process'
        ? { kind: 'error', title: 'No se puede cancelar', text: 'Ya hay un pago hecho o por confirmar. Actualizamos la lista.' }
        : explained(error, 'cancelar el pago');
      if (error instanceof SessionEnded) page.ended();
      else if (error instanceof ApiError && error.status < 500) load();
    }
    state.ending = '';
    paint();
  }

  async function tell() {
    if (state.opening) return;
    Object.assign(state, { opening: true, away: null });
    paint();
    try {
      const { createTransfers } = await inTime(import('../transfers.js')).catch(() => { throw new Outdated(); });
      const made = createTransfers({ page, company, wanted, amountOf: typedAmount, done: () => chosen.clear() });
      await made.load();
      state.transfers = made;
    } catch (error) {
      if (signal.aborted) return;
      state.away = explained(error, 'abrir tus transferencias');
      if (error instanceof SessionEnded) page.ended();
    }
    state.opening = false;
    paint();
    document.getElementById('transfers').focus();
  }

  // Somebody else may pay, without an account: by the key that goes to the company's address.
  const mailing = createForm({
    page,
    values: {},
    doing: 'mandar la clave',
    async send() {
      await ask('POST', `/companies/${encodeURIComponent(company)}/payment-key`);
      state.mailed = true;
      announce('Mandamos la clave.');
    },
    words: (error) => (error instanceof ApiError && error.code === 'no_address_on_file' ? { _: error.message } : null),
  });

  /* --- what they see --- */

  const pick = (row) => (taken(row) || !(state.debts.payable || state.transfers) ? nothing : html`
    <label class="pick"><input type="checkbox" .checked=${chosen.has(row.id)} @change=${(event) => choose(() => chosen[event.target.checked ? 'add' : 'delete'](row.id))}><span class="sr-only">Elegir ${section.name(row)}</span></label>`);
  const columns = [
    { id: 'pick', title: 'Elegir', kind: 'pick-cell', quiet: true, unsorted: true, cell: pick },
    { id: 'number', title: 'N° comprobante', kind: 'main nowrap', unsorted: true, cell: (row) => toDocument(row.id, html`${section.number(row)}${payer() ? nothing : html`<span class="sr-only"> (ver detalle)</span>`}`) },
    { id: 'type', title: 'Tipo', unsorted: true, cell: withLetter },
    { id: 'due_date', title: 'Vencimiento', kind: 'nowrap', unsorted: true, cell: ({ due_date }) => format.day(due_date) },
    { id: 'remaining', title: 'Falta pagar', num: true, unsorted: true, cell: ({ remaining, currency }) => format.money(remaining, currency) },
    { id: 'state', title: 'Estado', kind: 'state', unsorted: true, cell: (row) => (taken(row) ? html`<span class="badge care">${icon('clock')}En un pago</span>` : badge(row.status, row.status_label)) },
  ];

  function paying() {
    if (!state.debts.payable) return html`<p>El pago electrónico no está disponible por ahora.</p>`;
    const rows = wanted();
    const late = latest();
    const some = overdue().length > late.length;
    const sum = format.money(added(rows), 'ARS');
    return html`
      <form class="form" novalidate @submit=${form.submit}>
        ${form.summary()}
        <p id="pay" tabindex="-1">${rows.length ? html`Elegiste ${format.counted(rows.length, 'comprobante', 'comprobantes')}: <strong>${sum}</strong>` : 'Elegí en el listado qué querés pagar, o pagá todo lo vencido.'}</p>
        ${rows.length === 1 ? form.field({ id: 'amount', label: 'Importe a pagar', hint: `Si lo dejás vacío, todo lo que falta: ${sum}`, mode: 'decimal', maxlength: 20, className: 'narrow' }) : nothing}
        <div class="actions-row">
          <button class="button" aria-disabled=${form.busy ? 'true' : nothing} @click=${() => press(false)}>${icon('payment')}${form.busy && !all ? 'Preparando…' : 'Pagar lo elegido'}</button>
          ${late.length ? html`<button class="button secondary" aria-disabled=${form.busy ? 'true' : nothing} @click=${() => press(true)}>${form.busy && all ? 'Preparando…' : `Pagar ${some ? `los ${MOST} vencidos más antiguos` : 'todo lo vencido'} (${format.money(added(late), 'ARS')})`}</button>` : nothing}
        </div>
        <p class="hint">Pagás en el sitio del medio de pago y volvés acá. El INTI imputa el pago cuando emite el recibo.</p>
      </form>`;
  }

  const payment = (one) => {
    const [look, drawing] = LOOKS[one.state] ?? ['quiet', 'close'];
    return html`
      <section class="card" aria-labelledby="payment-${one.id}">
        <div class="card-head"><h3 id="payment-${one.id}">${format.money(one.amount, one.currency)}<span class="sr-only">, pago del ${format.moment(one.created_at)}</span></h3><span class="badge ${look}">${icon(drawing)}${one.state_label}</span></div>
        <div class="card-body">
          <dl class="facts-grid">
            <div><dt>Empezado el</dt><dd>${format.moment(one.created_at)}</dd></div>
            ${one.credited_at ? html`<div><dt>Informado el</dt><dd>${format.moment(one.credited_at)}</dd></div>` : nothing}
            ${one.redirect_url ? html`<div><dt>Se puede pagar hasta</dt><dd>${format.moment(one.expires_at)}</dd></div>` : nothing}
            <div><dt>${one.documents.length === 1 ? 'Comprobante' : 'Comprobantes'}</dt><dd>${one.documents.map(({ doc_id, amount }) => html`${toDocument(doc_id, voucherOf(doc_id))} ${format.money(amount, one.currency)}<br>`)}</dd></div>
            ${cents(one.refunded) > 0n ? html`<div><dt>Devuelto</dt><dd>${format.money(one.refunded, one.currency)}</dd></div>` : nothing}
            ${one.receipt ? html`<div><dt>Recibo</dt><dd>${toDocument(one.receipt, payer() ? voucherOf(one.receipt) : 'Ver el recibo')}</dd></div>` : nothing}
          </dl>
          ${one.cancellable ? html`
            <div class="actions-row">
              ${one.redirect_url ? html`<a class="button small" href=${one.redirect_url}>${one.state === 'rejected' ? 'Probar otra vez' : 'Seguir con el pago'}<span class="sr-only"> de ${format.money(one.amount, one.currency)}</span></a>` : nothing}
              <button type="button" class="button secondary small" aria-disabled=${state.ending ? 'true' : nothing} @click=${() => end(one)}>${state.ending === one.id ? 'Cancelando…' : 'Cancelar'}<span class="sr-only"> el pago de ${format.money(one.amount, one.currency)}</span></button>
            </div>` : nothing}
        </div>
      </section>`;
  };

  const transfers = () => html`
    <h2 class="part" id="transfers" tabindex="-1">Transferencias</h2>
    ${state.transfers ? state.transfers.content() : html`
      ${trouble(state.away, state.opening)}
      <p class="part"><button type="button" class="button secondary" aria-disabled=${state.opening ? 'true' : nothing} @click=${tell}>${state.opening ? 'Abriendo…' : 'Informar una transferencia'}</button></p>`}`;

  const body = () => html`
    ${state.dropped ? notice('info', 'Ese comprobante no se puede elegir', 'Ya está en un pago, o no debe nada.') : nothing}
    <section class="card" aria-label="Lo que debés">
      ${state.debts.items.length ? html`
        <div class="card-body"><dl class="facts">
          <div><dt>Sin pagar</dt><dd>${format.money(state.debts.total, state.debts.currency)}</dd></div>
          <div><dt>Vencido</dt><dd>${format.money(state.debts.overdue, state.debts.currency)}</dd></div>
          <div><dt>De comprobantes en un pago</dt><dd>${format.money(state.debts.in_payment, state.debts.currency)}</dd></div>
        </dl></div>
        ${table({ id: 'debts', caption: 'Lo que debés, por vencimiento', columns, rows: state.debts.items.slice(0, state.shown), sort: '', onSort: () => {}, none: nothing })}
        ${state.debts.items.length > state.shown ? html`<div class="tools"><p class="table-info">Mostrando los primeros ${format.integer(state.shown)} de ${format.counted(state.debts.items.length, 'comprobante', 'comprobantes')}</p>
          <button type="button" class="button secondary small" @click=${() => { state.shown += MORE; paint(); }}>Mostrar más<span class="sr-only"> comprobantes</span></button></div>` : nothing}
        <div class="card-body">${paying()}</div>`
    : html`<div class="empty">${icon('good')}<p class="empty-title">No debés nada</p><p>Todos los comprobantes de esta empresa están pagados.</p>${payer() ? nothing : html`<a class="button secondary" href=${base}>Ver los comprobantes</a>`}</div>`}
    </section>
    ${payer() ? nothing : html`
      <section class="card" aria-labelledby="mailing"><div class="card-body">
        <h2 id="mailing">¿Paga otra persona?</h2>
        <p>Le mandamos una clave al correo registrado de la empresa: con ella se paga en <a href="/pago">Pago electrónico</a>, sin cuenta. Vale 72 horas.</p>
        ${state.mailed ? notice('good', 'Mandamos la clave', 'La anterior ya no sirve.') : html`<form @submit=${mailing.submit}>${mailing.summary()}${mailing.button('Mandar una clave', 'Mandando…', 'secondary small')}</form>`}
      </div></section>`}
    ${state.payments.length ? html`
      <h2 class="part">Tus pagos</h2>
      ${trouble(state.trouble, state.ending || state.more)}
      ${state.payments.map(payment)}
      ${state.next ? html`<p class="part"><button type="button" class="button secondary small" aria-disabled=${state.more ? 'true' : nothing} @click=${onward}>${state.more ? 'Trayendo…' : 'Ver más'}<span class="sr-only"> pagos</span></button></p>` : nothing}` : nothing}
    ${payer() ? nothing : transfers()}`;

  signal.addEventListener('abort', () => clearTimeout(timer));
  onWidthChange(paint, signal);
  return {
    title: 'Pagar',
    enter: load,
    unsaved: () => (chosen.size && (form.values.amount || [...chosen].join() !== sent) ? 'Elegiste qué pagar y no empezaste el pago. ¿Querés salir igual?' : ''),
    content: () => {
      if (state.missing) return gone(section);
      return html`
        ${payer() ? nothing : crumbs([[section.path, section.title], [base, nameOf(company)]], 'Pagar')}
        <div class="heading"><div><h1>Pagar</h1><p class="lead">${nameOf(company)}</p></div></div>
        ${state.started ? notice('info', 'Te llevamos al medio de pago', html`Si no se abre, <a href=${state.started.redirect_url}>seguí por acá</a>.`) : nothing}
        ${state.debts ? body() : state.problem ? failure(state.problem, load) : html`<div class="card">${skeleton(6)}</div>`}
        ${state.debts && state.problem ? failure(state.problem, load) : nothing}`;
    },
  };
}
