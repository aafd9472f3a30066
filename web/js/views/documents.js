// The documents of a company: the API orders, searches, filters and pages; the address says how the list stands. How a page
// is found by cursors: docs/decisions/pages.md.
import { ageing, owed, totals } from '../ageing.js';
import { ApiError, SessionEnded, ask, now } from '../api.js';
import { announce, explained, failure, html, icon, notice, nothing } from '../core.js';
import { download } from '../download.js';
import { MOST, createExport } from '../exporting.js';
import { choice, periodChoice } from '../filters.js';
import * as format from '../format.js';
import { held, isOwed, mark } from '../held.js';
import { SECTIONS, badge, documentPath, emptyList, gone, learn, lost, nameOf, withLetter } from '../kinds.js';
import * as listing from '../listing.js';
import { crumbs, skeleton, troubles } from '../pieces.js';
import { onWidthChange, pager, searchBox, sortSelect, table } from '../table.js';

const PAUSE = 350; // milliseconds after the last key
const LARGEST = 100; // rows the API gives at once
const STEPS = 30; // requests at most to fill a page

export default function create(page) {
  const { params, query, paint, signal } = page;
  const section = SECTIONS[params.section];
  const base = `${section.path}/${encodeURIComponent(params.company)}`;
  const sortable = section.columns.filter(({ unsorted }) => !unsorted).map(({ id }) => id);
  const known = section.types.flatMap(([, types]) => types);
  const rules = { sorts: sortable, sort: '-date', statuses: section.states.map(([code]) => code), types: known.map(([code]) => code), anyType: section.anyType };
  const list = listing.read(query, rules);
  const state = { company: null, rows: null, at: null, total: 0, more: false, busy: false, problem: null, missing: false, other: false, debt: null, adding: false, walk: null, held: null };
  const linked = Boolean(history.state?.linked);
  if (linked) history.replaceState(null, ''); // told once
  const fetching = new Set();
  const failures = troubles();
  let cursors = history.state?.cursors ?? [null]; // of page n at n - 1, where it is known
  let asking = null;

  /* --- asking the API --- */

  function filters() {
    const { q, sort, status, type, from, to } = list;
    return Object.entries({ kind: section.kind, sort, q: q.trim(), status, type, from, to }).filter(([, value]) => value);
  }
  const asked = (some, limit, cursor, signal) =>
    ask('GET', `/companies/${encodeURIComponent(params.company)}/docs?${new URLSearchParams([...some, ['limit', limit], ...(cursor ? [['cursor', cursor]] : [])])}`, undefined, { signal });
  async function part(limit, cursor, signal) {
    const answer = await asked(filters(), limit, cursor, signal);
    state.company = answer.company;
    learn(params.company, answer.company.name);
    state.total = answer.total;
    return answer;
  }
  // A filtered part may come short while there is more: asked on until it is whole.
  async function gathered(count, cursor, signal, one = part) {
    const rows = [];
    let next = cursor;
    for (let step = 0; step < STEPS && rows.length < count; step += 1) {
      const answer = await one(Math.min(LARGEST, count - rows.length), next, signal);
      rows.push(...answer.items);
      next = answer.next;
      if (!next) break;
    }
    return { rows, next };
  }
  // From the nearest page whose cursor is known. Those that steps end at are known from then on.
  async function walk(signal) {
    const { page: wanted, size } = list;
    let at = Math.min(cursors.length, wanted);
    while (cursors[at - 1] === undefined) at -= 1;
    let cursor = cursors[at - 1];
    let left = (wanted - at) * size;
    while (left) {
      const { items, next, total } = await part(Math.min(LARGEST, left), cursor, signal);
      signal.throwIfAborted(); // the cursors may be another list's by now
      left -= items.length;
      if (!next || (total !== null && total <= (wanted - 1) * size)) return Object.assign(list, { page: 1 }); // there is no such page
      cursor = next;
      if (left % size === 0) cursors[wanted - 1 - left / size] = cursor;
      if (left && !state.walk) announce(`Buscando la página ${format.integer(wanted)}…`);
      if (left) state.walk = { page: wanted, done: (wanted - 1) * size - left, all: (wanted - 1) * size };
      paint();
    }
  }

  async function load() {
    asking?.abort();
    asking = new AbortController();
    const mine = asking;
    Object.assign(state, { busy: true, problem: null, walk: null });
    paint();
    try {
      await fill(mine.signal);
    } catch (error) {
      if (mine.signal.aborted) return;
      if (error instanceof SessionEnded) return page.ended();
      if (list.type && error.errors?.some(({ field }) => field === 'type')) return set({ type: '' }); // there is none
      state.missing = lost(error, page);
      state.problem = explained(error, `traer ${section.las ? 'las' : 'los'} ${section.many}`);
    }
    if (mine.signal.aborted) return;
    Object.assign(state, { busy: false, walk: null });
    paint();
    if (section.kind !== 'voucher' || !state.rows || state.problem) return;
    if (!state.debt?.known) debt();
    if (!state.held) payments();
  }
  // What is unpaid and overdue, where one page of the API tells it; else it is left to the running account.
  async function debt() {
    if (state.adding) return;
    state.adding = true;
    try {
      const { rows } = await owed(params.company, { signal, steps: 1 });
      state.debt = { known: true, sums: rows && ageing(rows, format.today(now())) };
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SessionEnded) return page.ended();
      state.debt = { known: false, sums: null };
    } finally {
      state.adding = false;
    }
    paint();
  }
  async function payments() {
    state.held = await held(page, params.company);
    if (!signal.aborted) paint();
  }
  async function fill(signal) {
    try {
      await walk(signal);
      const { page: number, size } = list;
      const { rows, next } = await gathered(size, cursors[number - 1], signal);
      if (signal.aborted) return;
      cursors[number] = next;
      cursors.length = number + (next ? 1 : 0);
      Object.assign(state, { rows, more: Boolean(next), at: { page: number, size } });
      if (!next) state.total ??= (number - 1) * size + rows.length; // what the API does not count is here
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'bad_cursor' || cursors.length === 1) throw error;
      cursors = [null]; // another person's, or of a list that was put together otherwise
      return fill(signal);
    }
    keep('replaceState');
    page.retitle(`${state.company.name} – ${section.title}`);
  }
  function keep(how) {
    listing.addressed(how, { ...(how === 'replaceState' ? history.state : null), cursors }, base + listing.written(list, rules));
  }

  /* --- what people do --- */

  let typing = null;
  function set(changes, { typed = false } = {}) {
    clearTimeout(typing);
    const turning = Object.keys(changes).join() === 'page';
    if (turning && changes.page === list.page) return; // pressed twice
    if (!turning) cursors = [null];
    Object.assign(list, { page: 1 }, changes);
    if (typed) {
      keep('replaceState');
      typing = setTimeout(load, PAUSE);
      return;
    }
    keep('pushState');
    load();
    if (turning) document.getElementById('documents')?.scrollIntoView({ block: 'nearest' });
  }
  const clear = () => { state.other = false; set({ ...listing.NO_FILTERS }); };

  async function get(row) {
    if (fetching.has(row.id)) return;
    fetching.add(row.id);
    await failures.during(row.id, () => {
      paint();
      return download(page, params.company, { id: row.id, name: section.name(row) });
    });
    fetching.delete(row.id);
    paint();
  }

  /* --- what they see --- */

  const number = (row) => html`<a href=${documentPath(params.company, row.id)}>${section.number(row)}<span class="sr-only"> (ver detalle)</span></a>`;
  const cells = { number };
  if (section.kind === 'voucher') cells.status = (row) => html`${badge(row.status, row.status_label)}${isOwed(row) && state.held?.has(row.id) ? mark(state.held.get(row.id)) : nothing}`;
  const file = (row) => (row.has_file
    ? html`<button type="button" class="icon-button" title="Descargar" aria-disabled=${fetching.has(row.id) ? 'true' : nothing} @click=${() => get(row)}>${icon(fetching.has(row.id) ? 'clock' : 'download')}<span class="card-text">Descargar</span><span class="sr-only"> ${section.name(row)} en PDF</span></button>`
    : nothing);
  const exporting = createExport({
    page, section, company: params.company, query: filters,
    // As the list is filtered now, whatever becomes of it meanwhile.
    all: () => {
      const some = filters();
      return async (signal) => {
        const { rows, next } = await gathered(MOST + 1, null, signal, (...part) => asked(some, ...part));
        return next || rows.length > MOST ? null : rows;
      };
    },
  });
  const columns = [
    exporting.column,
    ...section.columns.map((column) => ({ ...column, cell: cells[column.id] ?? column.cell })),
    section.detailed
      ? { id: 'action', title: 'Detalle', kind: 'actions', unsorted: true, cell: (row) => html`<a class="button secondary small" href=${documentPath(params.company, row.id)}>Ver<span class="sr-only"> ${section.name(row)}</span></a>${file(row)}` }
      : { id: 'action', title: 'Descargar', kind: 'actions', unsorted: true, cell: (row) => (row.has_file ? file(row) : html`<span class="quiet-text">Sin PDF</span>`) },
  ];

  const summed = section.columns.filter(({ sum }) => sum);
  // A certificate that is void withholds nothing.
  const counting = () => state.rows.filter(({ status }) => section.kind !== 'withholding' || status !== 'void');
  const sums = () => (summed.length ? totals(counting(), summed.map(({ id }) => id)) : []).map((one, _, { length }) => ({
    label: `Total de lo mostrado${length > 1 ? ` (${one.currency})` : ''}`,
    sums: Object.fromEntries(summed.map(({ id, cell }) => [id, cell(one)])),
  }));

  const option = (value) => ([code, text]) => html`<option value=${code} .selected=${code === value}>${text}</option>`;

  // Types that the list has and the choice has not.
  const seen = new Map();
  function others() {
    for (const row of section.anyType ? [{ type: list.type, type_label: seen.get(list.type) ?? list.type }, ...state.rows ?? []] : []) {
      if (row.type && !known.some(([code]) => code === row.type)) seen.set(row.type, withLetter(row));
    }
    return seen.size ? [['Otros', [...seen]]] : [];
  }

  const tools = () => html`
    <div class="tools">
      ${searchBox({ id: 'documents', value: list.q, onType: (q) => set({ q }, { typed: true }) })}
      ${choice({ id: 'status', label: section.stateTitle ?? 'Estado', value: list.status, all: section.stateTitle ? 'Todas' : 'Todos', options: section.states.map(option(list.status)), change: (status) => set({ status }) })}
      ${section.types.length ? choice({ id: 'type', label: section.typeTitle, value: list.type, all: 'Todos',
        options: [...section.types, ...others()].map(([group, types]) => html`<optgroup label=${group}>${types.map(option(list.type))}</optgroup>`), change: (type) => set({ type }) }) : nothing}
      ${periodChoice({ list, state, set, paint })}
      ${sortSelect({ id: 'documents', columns, sort: list.sort, onSort: (sort) => set({ sort }) })}
      ${listing.filtered(list) ? html`<button type="button" class="text-button" @click=${clear}>Borrar filtros</button>` : nothing}
      ${state.rows ? exporting.menu({ total: state.total, count: state.rows.length }) : nothing}
    </div>`;

  const none = () => (listing.filtered(list)
    ? html`<p>Ningún registro coincide con lo que buscás.</p><button type="button" class="button secondary small" @click=${clear}>Borrar filtros</button>`
    : emptyList(section));

  // For the eye: ears are told once, when it begins.
  const walking = ({ page: to, done, all }) => html`
    <div class="zip">
      <p>Buscando la página ${format.integer(to)}…</p>
      <progress aria-label="Avance" max=${all} value=${done}></progress>
      <span aria-hidden="true">${format.integer(done)} de ${format.counted(all, 'registro', 'registros')}</span>
      <button type="button" class="button secondary small" @click=${() => set({ page: 1 })}>Ir a la primera página</button>
    </div>`;

  // What paper says of how the list was narrowed: there are no filters on it.
  const narrowed = () => {
    const text = (known, value) => known.find(([code]) => code === value)?.[1];
    return [
      list.q && `«${list.q}»`, text(section.states, list.status), text([...known, ...seen], list.type),
      list.from && `desde el ${format.day(list.from)}`, list.to && `hasta el ${format.day(list.to)}`,
    ].filter(Boolean).join(', ') || 'Ninguno';
  };

  const body = () => {
    if (state.problem) return failure(state.problem, load);
    if (state.walk) return html`${walking(state.walk)}${skeleton(8)}`;
    if (!state.rows) return skeleton(8);
    return html`
      ${table({ id: 'documents', caption: section.title, columns, rows: state.rows, sort: list.sort, onSort: (sort) => set({ sort }), none: none(), busy: state.busy, totals: sums() })}
      ${pager({ id: 'documents', name: section.many, ...state.at, count: state.rows.length, total: state.total, more: state.more, onPage: (to) => set({ page: to }), onSize: (size) => set({ size }) })}`;
  };

  signal.addEventListener('abort', () => { clearTimeout(typing); asking?.abort(); });
  onWidthChange(paint, signal);
  addEventListener('beforeprint', paint, { signal }); // the instant on paper is its own
  return {
    title: section.title,
    enter: load,
    unsaved: exporting.unsaved,
    content: () => {
      const { company } = state;
      const begun = company || state.problem; // what is told of the company takes room: nothing stands under it before
      if (state.missing) return gone(section);
      return html`
        ${crumbs([[section.path, section.title]], company?.name ?? section.list)}
        <div class="company-head">
          <div><h1>${section.list}</h1>
            ${begun ? html`<dl class="facts">
              <div><dt>Empresa</dt><dd>${company?.name ?? nameOf(params.company)}</dd></div>
              <div><dt>CUIT</dt><dd>${company ? format.cuit(company.cuit) : '–'}</dd></div>
              <div><dt>Código</dt><dd>${company?.number ?? '–'}</dd></div>
              <div class="printed"><dt>Filtros</dt><dd>${narrowed()}</dd></div>
              <div class="printed"><dt>Emitido el</dt><dd>${format.moment(now())}</dd></div>
            </dl>` : nothing}</div>
          ${begun && section.kind === 'voucher' ? balance(company, state.debt, base) : nothing}
        </div>
        ${linked ? notice('good', 'Empresa vinculada', `Ya podés ver y descargar sus ${section.many}.`) : nothing}
        ${failures.shown()}
        ${begun ? html`<section class="card" aria-label="Listado de ${section.many}">
          ${state.rows || state.problem ? tools() : nothing}
          ${exporting.shown()}
          ${body()}
        </section>` : html`<div class="card">${skeleton(8)}</div>`}`;
    },
  };
}

function balance(company, debt, base) {
  const amount = company?.balance?.amount;
  const credit = amount?.startsWith('-');
  const title = !amount || /^0\.0+$/.test(amount) ? 'Saldo' : credit ? 'Saldo a favor' : 'Saldo a pagar';
  const sums = (which) => debt?.sums?.map((one) => format.money(one[which], one.currency)).join(' · ');
  const note = (words, text) => html`<dd class="balance-note">${text ? `${words}: ${text}` : '\u00a0'}</dd>`;
  const untold = () => html`<dd class="balance-note">Sin pagar y vencido:</dd><dd class="balance-note"><a href="${base}/cuenta">Ver en Cuenta corriente</a></dd>`;
  return html`
    <div class="balance">
      <dl><dt class="balance-title">${title}</dt><dd class="balance-amount">${amount ? format.money(credit ? amount.slice(1) : amount, company.balance.currency) : '–'}</dd>
        <dd class="balance-note">${company?.balance ? `Al ${format.moment(company.balance.as_of)}` : '\u00a0'}</dd>
        ${debt && !debt.sums ? untold() : html`${note('Sin pagar', sums('total'))}${note('Vencido', sums('overdue'))}`}</dl>
      <div class="balance-actions"><a class="button sky" href="${base}/pagar">${icon('payment')}Pagar</a><a class="balance-link" href="${base}/cuenta">Cuenta corriente</a></div>
    </div>`;
}
