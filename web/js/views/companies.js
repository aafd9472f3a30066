// The companies that a person is linked to, for each of the four sections: they are few, so all are here at once, and
// searching, sorting and leafing is done in the page.
import { ApiError, SessionEnded, ask } from '../api.js';
import { announce, explained, failure, html, icon, notice, nothing } from '../core.js';
import { createForm } from '../forms.js';
import * as format from '../format.js';
import { SECTIONS, company as told } from '../kinds.js';
import { createLinking } from '../linking.js';
import * as listing from '../listing.js';
import { dialog, skeleton } from '../pieces.js';
import { onWidthChange, pager, searchBox, sortSelect, table } from '../table.js';

const collator = new Intl.Collator('es-AR', { numeric: true, sensitivity: 'base' });
const RULES = { sorts: ['cuit', 'number', 'name', 'address'], sort: 'name' };

export default function create(page) {
  const { params, query, paint, signal } = page;
  const section = SECTIONS[params.section];
  const state = { problem: null, companies: null, unlinked: '' };
  const list = listing.read(query, RULES);
  const linking = createLinking(page);

  async function load() {
    state.problem = null;
    paint();
    try {
      const all = [];
      let next = null;
      do {
        const answer = await ask('GET', `/companies?role=${section.role}&limit=100${next ? `&cursor=${encodeURIComponent(next)}` : ''}`, undefined, { signal });
        all.push(...answer.items);
        next = answer.next;
      } while (next);
      state.companies = all;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SessionEnded) return page.ended();
      state.problem = explained(error, 'traer tus empresas');
    }
    paint();
  }

  function set(changes, how = 'pushState') {
    Object.assign(list, { page: 1 }, changes);
    listing.addressed(how, null, section.path + listing.written(list, RULES));
    paint();
  }

  function found() {
    const words = format.plain(list.q).split(/\s+/).filter(Boolean);
    const text = ({ cuit, number, name, address }) => format.plain(`${cuit} ${format.cuit(cuit)} ${number} ${name} ${address}`);
    const column = list.sort.replace('-', '');
    const way = list.sort.startsWith('-') ? -1 : 1;
    return state.companies
      .filter((company) => words.every((word) => text(company).includes(word)))
      .sort((a, b) => way * collator.compare(a[column], b[column]));
  }

  /* --- unlinking --- */

  let chosen = null;
  const unlinking = createForm({
    page,
    values: {},
    doing: 'desvincular la empresa',
    async send() {
      await ask('DELETE', `/companies/${chosen.id}`).catch((error) => {
        if (!(error instanceof ApiError) || error.status !== 404) throw error; // unlinked meanwhile: all the same
      });
      state.companies = state.companies.filter(({ id }) => id !== chosen.id);
      state.unlinked = told(chosen);
      document.getElementById('unlink').close();
      announce(`Desvinculaste ${state.unlinked}`);
    },
  });
  function askToUnlink(company) {
    chosen = company;
    Object.assign(unlinking, { errors: {}, problem: null });
    paint();
    document.getElementById('unlink').showModal();
  }
  const unlinkDialog = () => dialog({
    id: 'unlink',
    title: 'Desvincular la empresa',
    content: html`
      ${unlinking.summary()}
      <p>Dejás de ver los documentos de <strong>${chosen && told(chosen)}</strong>, y los enlaces que te mandamos por correo dejan de abrirlos.</p>
      <p>Podés vincularla otra vez cuando quieras: puede que te pidamos un código, que llega al correo que la empresa tiene registrado.</p>`,
    footer: (close) => html`
      <button type="button" class="button secondary" autofocus @click=${close}>Cancelar</button>
      ${unlinking.button('Desvincular', 'Desvinculando…', 'danger')}`,
    submit: unlinking.submit,
  });

  /* --- the list --- */

  const columns = [
    { id: 'cuit', title: 'N° de CUIT', kind: 'nowrap', words: ['menor a mayor', 'mayor a menor'], cell: ({ cuit }) => format.cuit(cuit) },
    { id: 'number', title: 'Código', kind: 'nowrap', words: ['menor a mayor', 'mayor a menor'], cell: ({ number }) => number },
    { id: 'name', title: 'Empresa', kind: 'main', cell: ({ id, name }) => html`<a href="${section.path}/${id}">${name}</a>` },
    { id: 'address', title: 'Dirección', cell: ({ address }) => address || '–' },
    {
      id: 'action', title: 'Acción', kind: 'actions', unsorted: true,
      cell: (company) => html`
        <a class="button secondary small" href="${section.path}/${company.id}">${section.see}<span class="sr-only"> de ${told(company)}</span></a>
        <button type="button" class="icon-button danger" title="Desvincular" @click=${() => askToUnlink(company)}>${icon('unlink')}<span class="sr-only">Desvincular ${told(company)}</span></button>`,
    },
  ];
  const linkButton = () => html`<button type="button" class="button" @click=${linking.open}>${icon('plus')}Vincular con Cliente/Proveedor</button>`;
  const none = () => (state.companies.length
    ? html`<p>Ningún registro coincide con lo que buscás.</p><button type="button" class="button secondary small" @click=${() => set({ q: '' })}>Borrar la búsqueda</button>`
    : html`<div class="empty">${icon('company')}<p class="empty-title">Ningún dato disponible en esta tabla</p>
        <p>Todavía no vinculaste ninguna empresa ${section.role === 'client' ? 'de la que seas cliente' : 'que sea proveedora'} del INTI. Vinculá la tuya para ver sus ${section.many}.</p>${linkButton()}</div>`);

  function rows() {
    const all = found();
    const last = Math.max(1, Math.ceil(all.length / list.size));
    const at = Math.min(list.page, last);
    const shown = all.slice((at - 1) * list.size, at * list.size);
    return html`
      ${table({ id: 'companies', caption: 'Listado de empresas vinculadas', columns, rows: shown, sort: list.sort, onSort: (sort) => set({ sort }), none: none() })}
      ${pager({ id: 'companies', name: 'empresas', page: at, size: list.size, count: shown.length, total: all.length, more: at < last, onPage: (to) => set({ page: to }), onSize: (size) => set({ size }) })}`;
  }

  onWidthChange(paint, signal);
  return {
    title: section.title,
    enter: load,
    unsaved: linking.unsaved,
    again: () => state.companies ?? load(), // an unlinking goes on where it was
    content: () => html`
      <div class="heading"><div><h1>${section.title}</h1><p class="lead">${section.lead}</p></div>${linkButton()}</div>
      ${state.unlinked ? notice('good', 'Empresa desvinculada', `Ya no ves los documentos de ${state.unlinked}.`) : nothing}
      ${state.problem || state.companies ? html`<section class="card" aria-labelledby="companies-title">
        <div class="card-head"><h2 id="companies-title">Listado de empresas vinculadas</h2>
          ${state.companies?.length ? html`${searchBox({ id: 'companies', value: list.q, onType: (q) => set({ q }, 'replaceState') })}${sortSelect({ id: 'companies', columns, sort: list.sort, onSort: (sort) => set({ sort }) })}` : nothing}</div>
        ${state.problem ? failure(state.problem, load) : rows()}
      </section>
      <p class="lead">¿Te pasaron un código para vincular una empresa? <a href="/vincular">Ingresalo acá</a>.</p>` : html`<div class="card">${skeleton(4)}</div>`}
      ${linking.template()}${unlinkDialog()}`,
  };
}
