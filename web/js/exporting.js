// What is taken out of a list: its rows as a sheet, which the API makes, and its PDFs as a ZIP, which the page makes.
import { SessionEnded } from './api.js';
import { Outdated, announce, closeOnEscape, closeOnLeave, explained, failure, html, icon, notice, nothing, trouble } from './core.js';
import { list, saveAs } from './download.js';
import { counted, integer } from './format.js';

export const MOST = 500; // PDFs of one ZIP: they are in memory until it is saved

// all(): what fetches the list's rows as it is filtered now, MOST at most, given a signal; query(): its filters, as the API
// wants them.
export function createExport({ page, section, company, all, query }) {
  const { paint, signal } = page;
  const state = { chosen: new Map(), preparing: '', trouble: null, zip: null };
  signal.addEventListener('abort', () => state.zip?.stop.abort());

  /* --- sheets --- */

  async function sheet(format) {
    if (state.preparing) return;
    state.preparing = format;
    paint();
    const wanted = new URLSearchParams(query());
    wanted.set('format', format);
    state.trouble = await list(page, company, wanted);
    state.preparing = '';
    paint();
  }

  /* --- ZIP --- */

  async function start(rows) {
    if (state.zip?.busy) return;
    const stop = new AbortController();
    const zip = { rows, all: all(), files: new Map(), missing: [], busy: true, problem: null, stop };
    state.zip = zip;
    await goOn(zip);
  }
  // Goes on where it was cut off: what is here is not fetched again.
  async function goOn(zip) {
    Object.assign(zip, { busy: true, problem: null });
    paint();
    try {
      // First of all: who has fetched five hundred PDFs is not to hear then that they cannot be put together.
      zip.tools ??= await import('./bundle.js').catch(() => { throw new Outdated(); });
      zip.rows ??= await zip.all(zip.stop.signal);
      zip.missing = zip.rows.filter(({ has_file }) => !has_file);
      paint();
      await zip.tools.collect(zip, company, zip.stop.signal, paint);
      if (!zip.stop.signal.aborted && zip.files.size) save(zip);
    } catch (error) {
      if (signal.aborted) return;
      if (!zip.stop.signal.aborted) zip.problem = explained(error, 'armar el ZIP');
      if (error instanceof SessionEnded) page.ended();
    }
    zip.busy = false;
    paint();
  }
  function save(zip) {
    const files = zip.rows.map(({ id }) => zip.files.get(id)).filter(Boolean);
    saveAs(`${section.path.slice(1)}-${company}.zip`, zip.tools.zip(files), 'application/zip');
    zip.done = files.length;
    zip.files.clear();
    announce(`Listo: ${counted(files.length, 'PDF', 'PDF')} en un ZIP.${zip.missing.length ? ` ${missed(zip)}.` : ''}`);
  }

  /* --- what people see --- */

  const missed = ({ missing }) => (missing.length === 1 ? 'Faltó este' : `Faltaron estos ${integer(missing.length)}`);
  const lacking = (zip) => (zip.missing.length ? html`
    <p><strong>${missed(zip)}</strong>, porque el PDF todavía no está disponible:</p>
    <ul class="lacking" tabindex="0" aria-label="Los que faltaron">${zip.missing.map((row) => html`<li>${section.name(row)}</li>`)}</ul>` : nothing);
  const close = () => { state.zip = null; paint(); };

  function progress() {
    const { zip } = state;
    if (!zip) return nothing;
    if (zip.problem) return html`${failure(zip.problem, () => goOn(zip))}<p class="zip-actions"><button type="button" class="text-button" @click=${close}>Dejar de armar el ZIP</button></p>`;
    if (zip.busy) {
      const got = zip.files.size;
      const wanted = zip.rows?.filter(({ has_file }) => has_file).length;
      return html`
        <div class="zip">
          <label for="zip-progress">${wanted === undefined ? 'Buscando los documentos…' : `Descargando ${integer(got)} de ${counted(wanted, 'PDF', 'PDF')}…`}</label>
          <progress id="zip-progress" max=${wanted ?? 1} value=${got}></progress>
          <button type="button" class="button secondary small" @click=${() => { zip.stop.abort(); close(); }}>Cancelar</button>
        </div>`;
    }
    const more = html`${lacking(zip)}<button type="button" class="button secondary small" @click=${close}>Cerrar</button>`;
    return zip.done
      ? notice('good', `Listo: ${counted(zip.done, 'PDF', 'PDF')} en un ZIP`, nothing, more)
      : notice('info', 'No hay ningún PDF para descargar', nothing, more);
  }

  const pick = (row) => {
    const change = (event) => { state.chosen[event.target.checked ? 'set' : 'delete'](row.id, row); paint(); };
    return row.has_file ? html`<label class="pick"><input type="checkbox" .checked=${state.chosen.has(row.id)} @change=${change}><span class="sr-only">Elegir ${section.name(row)}</span></label>` : nothing;
  };

  function menu({ total, count }) {
    const act = (what) => (event) => {
      const menu = event.currentTarget.closest('details');
      menu.open = false;
      menu.querySelector('summary').focus();
      what();
    };
    const { size } = state.chosen;
    const many = total === null || total > MOST;
    if (!count && !size) return nothing;
    return html`
      <details class="dropdown export" @focusout=${closeOnLeave} @keydown=${closeOnEscape}>
        <summary class="button secondary small">${icon('download')}${state.preparing ? 'Preparando…' : 'Exportar'}${size ? ` (${integer(size)})` : ''}${icon('down')}</summary>
        <div class="panel">
          <p class="panel-fact">${total === null ? 'Todo lo filtrado' : `Lo filtrado: ${counted(total, 'registro', 'registros')}`}</p>
          <button type="button" class="panel-item" @click=${act(() => sheet('xlsx'))}>${icon('download')}Excel (.xlsx)</button>
          <button type="button" class="panel-item" @click=${act(() => sheet('csv'))}>${icon('download')}CSV (.csv)</button>
          ${many
            ? html`<p class="panel-fact">Para bajar los PDF en un ZIP, filtrá hasta que queden ${MOST} o menos.</p>`
            : html`<button type="button" class="panel-item" @click=${act(() => start(null))}>${icon('download')}Todos los PDF (.zip)</button>`}
          ${size
            ? html`<button type="button" class="panel-item" @click=${act(() => start([...state.chosen.values()].slice(0, MOST)))}>${icon('download')}${size === 1 ? 'El PDF elegido' : `Los ${integer(Math.min(size, MOST))} PDF elegidos`} (.zip)</button>
              <button type="button" class="panel-item" @click=${act(() => { state.chosen.clear(); paint(); })}>${icon('close')}Borrar lo elegido</button>`
            : html`<p class="panel-fact last">Para un ZIP con algunos, elegilos en el listado.</p>`}
        </div>
      </details>`;
  }

  const column = { id: 'pick', title: 'Elegir', kind: 'pick-cell', quiet: true, unsorted: true, cell: pick };
  return { column, menu, shown: () => html`${trouble(state.trouble, state.preparing)}${progress()}` };
}
