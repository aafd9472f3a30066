// A table that people sort, search and leaf through; on narrow screens each row is a card (by CSS alone). It only shows:
// where rows come from, and in which order, is the page's.
import { announce, html, icon, nothing } from './core.js';
import { counted, integer } from './format.js';

export const SIZES = [10, 25, 50, 100];

// On narrow screens the head is out of sight: it has no buttons there, since nothing hidden may take the focus, and
// «Ordenar por» stands in for them.
const narrow = matchMedia('screen and (max-width: 1000px)');
export const onWidthChange = (act, signal) => narrow.addEventListener('change', act, { signal });

// What a row has not is left out of its card.
const cell = ({ num, kind, title }, shown) => html`
  <td role="cell" class="${num ? 'num' : ''} ${kind ?? ''} ${['–', '', nothing].includes(shown) ? 'blank' : ''}" data-title=${title}>${shown}</td>`;

const turned = (sort, id) => (sort === id ? `-${id}` : id);
const wordsOf = ({ words, num }) => words ?? (num ? ['menor a mayor', 'mayor a menor'] : ['A a Z', 'Z a A']);

// A row of sums: its label takes the columns before the first of them, but for those that are not printed.
function sumRow(columns, { label, sums }) {
  const first = columns.findIndex(({ id }) => id in sums);
  const aside = columns.findIndex(({ quiet }) => !quiet);
  return html`
    <tr role="row">${columns.slice(0, aside).map((column) => cell(column, ''))}
      <th scope="row" role="rowheader" colspan=${first - aside}>${label}</th>
      ${columns.slice(first).map((column) => cell(column, sums[column.id] ?? ''))}</tr>`;
}

/* columns: [{ id, title, cell(row), num?, kind?: classes, unsorted?, quiet?: its title is for ears,
   words?: [ascending, descending] }] · totals: [{ label, sums: { id of a column: text } }] */
export function table({ id, caption, columns, rows, sort, onSort, none, busy = false, totals = [] }) {
  const order = (column) => {
    const turn = turned(sort, column.id);
    onSort(turn);
    announce(`Ordenado por ${column.title}: ${wordsOf(column)[Number(turn !== column.id)]}`);
  };
  const head = (column) => {
    const classes = `${column.num ? 'num' : ''} ${column.kind ?? ''}`;
    const title = column.quiet ? html`<span class="sr-only">${column.title}</span>` : column.title;
    if (column.unsorted || narrow.matches) return html`<th scope="col" role="columnheader" class=${classes}>${title}</th>`;
    const way = sort === column.id ? 'ascending' : sort === `-${column.id}` ? 'descending' : nothing;
    return html`
      <th scope="col" role="columnheader" class=${classes} aria-sort=${way}>
        <button type="button" @click=${() => order(column)}>${column.title}${icon(way === nothing ? 'sort' : way === 'ascending' ? 'sort-up' : 'sort-down')}</button>
      </th>`;
  };
  const stateful = columns.some(({ kind }) => kind?.includes('state'));
  return html`
    <div class="table-scroll"><table class="table" role="table" id=${id} aria-busy=${String(busy)}>
      <caption class="sr-only">${caption}</caption>
      <thead role="rowgroup"><tr role="row">${columns.map(head)}</tr></thead>
      <tbody role="rowgroup">
        ${rows.map((row) => html`<tr role="row" class=${stateful ? 'stateful' : ''}>${columns.map((column) => cell(column, column.cell(row)))}</tr>`)}
        ${rows.length ? nothing : html`<tr role="row"><td role="cell" class="no-rows" colspan=${columns.length}>${none}</td></tr>`}
      </tbody>
      ${totals.length ? html`<tfoot role="rowgroup">${totals.map((one) => sumRow(columns, one))}</tfoot>` : nothing}
    </table></div>`;
}

export const sortSelect = ({ id, columns, sort, onSort }) => html`
  <div class="labelled sort-select">
    <label for="${id}-sort">Ordenar por</label>
    <select id="${id}-sort" @change=${(event) => onSort(event.target.value)}>
      ${columns.filter(({ unsorted }) => !unsorted).flatMap((column) => [column.id, `-${column.id}`].map((value, i) => html`
        <option value=${value} .selected=${sort === value}>${column.title} (${wordsOf(column)[i]})</option>`))}
    </select>
  </div>`;

export const searchBox = ({ id, value, onType }) => html`
  <div class="labelled search" role="search">
    <label for="${id}-search">Buscar</label>
    <span class="search-box">${icon('search')}<input id="${id}-search" type="search" .value=${value} maxlength="100" autocomplete="off" spellcheck="false" enterkeyhint="search" @input=${(event) => onType(event.target.value)}></span>
  </div>`;

// «Mostrando registros del 1 al 10 de un total de 87 registros». null: nobody counts them.
export function shownWords({ page, size, count, total }) {
  const first = count ? (page - 1) * size + 1 : 0;
  return `Mostrando registros del ${integer(first)} al ${integer(first + (count || 1) - 1)}${total === null ? '' : ` de un total de ${counted(total, 'registro', 'registros')}`}`;
}

export function pager({ id, name, page, size, count, total, more, onPage, onSize }) {
  const pages = total === null ? null : Math.max(1, Math.ceil(total / size));
  const back = page > 1;
  return html`
    <div class="table-foot">
      <p class="table-info">${shownWords({ page, size, count, total })}</p>
      <div class="page-size">
        <label for="${id}-size">Mostrar</label>
        <select id="${id}-size" @change=${(event) => onSize(Number(event.target.value))}>${SIZES.map((n) => html`<option value=${n} .selected=${n === size}>${n}</option>`)}</select>
        <span>registros</span>
      </div>
      ${back || more ? html`
        <nav class="pages" aria-label="Páginas de ${name}">
          <button type="button" class="page" aria-disabled=${back ? nothing : 'true'} @click=${() => back && onPage(page - 1)}>${icon('left')}<span>Anterior</span></button>
          <span>Página ${integer(page)}${pages ? ` de ${integer(pages)}` : ''}</span>
          <button type="button" class="page" aria-disabled=${more ? nothing : 'true'} @click=${() => more && onPage(page + 1)}><span>Siguiente</span>${icon('right')}</button>
        </nav>` : nothing}
    </div>`;
}
