// What is taken out of a list: its rows as a sheet, which the API makes, and its PDFs as a ZIP, which the page makes: they
// are fetched from the bucket a few at a time, then put together.
import { ApiError, SessionEnded, ask, file } from './api.js';
import { announce, explained, failure, html, icon, notice, nothing } from './core.js';
import { documentOf, list, saveAs } from './download.js';
import { MOST } from './exporting.js';
import { counted, integer } from './format.js';
import { trouble } from './pieces.js';
import { zip as packed } from './zip.js';

const MANY = `Para bajar los PDF en un ZIP, filtrá hasta que queden ${MOST} o menos.`;

const AT_ONCE = 3;
const TRIES = 4;
const LONGEST_WAIT = 60; // seconds
const pause = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });

// Fetches what is not in files yet ({ name, bytes } by the document's id); missing are rows whose PDF is not there. act is
// called after each. Throws what ended it; what is here by then stays.
async function collect({ rows, files, missing }, company, signal, act) {
  const left = rows.filter(({ id, has_file }) => has_file && !files.has(id));
  const end = new AbortController(); // the first that fails ends the others
  signal.addEventListener('abort', () => end.abort());
  if (signal.aborted) end.abort();
  const worker = async () => {
    for (let row = left.shift(); row && !end.signal.aborted; row = left.shift()) {
      await take(row);
      act();
    }
  };
  async function take(row) {
    for (let tries = TRIES; ; tries -= 1) {
      try {
        const { url, filename } = await ask('GET', `${documentOf(company, row.id)}/download`, undefined, { signal: end.signal });
        return files.set(row.id, { name: filename, bytes: await file(url, { signal: end.signal }) });
      } catch (error) {
        const soon = error instanceof ApiError && [429, 503].includes(error.status) && error.retryAfter <= LONGEST_WAIT;
        if (error instanceof ApiError && error.status === 404) return missing.push(row);
        if (!soon || tries <= 1) throw error;
        await pause(error.retryAfter || 1);
        if (end.signal.aborted) throw error;
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, () => worker().catch((error) => { end.abort(); throw error; })));
}

// A ZIP that is made. all(signal) fetches its rows, or answers null where they are more than MOST; close(): it is not to be
// seen any more.
function createZip({ page, section, company, all, close }) {
  const { paint, signal } = page;
  const stop = new AbortController();
  signal.addEventListener('abort', () => stop.abort());
  const zip = { busy: false, goOn, shown, unsaved: () => zip.busy || files.size };
  const files = new Map();
  let rows = null;
  let missing = [];
  let problem = null;
  let done = 0;
  let tooMany = false;

  // Goes on where it was cut off: what is here is not fetched again.
  async function goOn() {
    zip.busy = true;
    problem = null;
    paint();
    try {
      rows ??= await all(stop.signal);
      tooMany = !rows;
      missing = rows?.filter(({ has_file }) => !has_file) ?? [];
      paint();
      if (tooMany) announce(MANY);
      else await collect({ rows, files, missing }, company, stop.signal, paint);
      if (!stop.signal.aborted && files.size) save();
    } catch (error) {
      if (signal.aborted) return;
      if (!stop.signal.aborted) problem = explained(error, 'armar el ZIP');
      if (error instanceof SessionEnded) page.ended();
    }
    zip.busy = false;
    paint();
  }
  function save() {
    const found = rows.map(({ id }) => files.get(id)).filter(Boolean);
    saveAs(`${section.path.slice(1)}-${company}.zip`, packed(found), 'application/zip');
    done = found.length;
    files.clear();
    announce(`Listo: ${counted(done, 'PDF', 'PDF')} en un ZIP.${missing.length ? ` ${missed()}.` : ''}`);
  }

  const missed = () => (missing.length === 1 ? 'Faltó este' : `Faltaron estos ${integer(missing.length)}`);
  const lacking = () => (missing.length ? html`
    <p><strong>${missed()}</strong>, porque el PDF todavía no está disponible:</p>
    <ul class="lacking" tabindex="0" aria-label="Los que faltaron">${missing.map((row) => html`<li>${section.name(row)}</li>`)}</ul>` : nothing);
  function shown() {
    if (problem) return html`${failure(problem, goOn)}<p class="zip-actions"><button type="button" class="text-button" @click=${close}>Dejar de armar el ZIP</button></p>`;
    if (zip.busy) {
      const wanted = rows?.filter(({ has_file }) => has_file).length;
      return html`
        <div class="zip">
          <label for="zip-progress">${wanted === undefined ? 'Buscando los documentos…' : `Descargando ${integer(files.size)} de ${counted(wanted, 'PDF', 'PDF')}…`}</label>
          <progress id="zip-progress" max=${wanted ?? 1} value=${files.size}></progress>
          <button type="button" class="button secondary small" @click=${() => { stop.abort(); close(); }}>Cancelar</button>
        </div>`;
    }
    const more = html`${lacking()}<button type="button" class="button secondary small" @click=${close}>Cerrar</button>`;
    if (tooMany) return notice('info', MANY, nothing, more);
    return done
      ? notice('good', `Listo: ${counted(done, 'PDF', 'PDF')} en un ZIP`, nothing, more)
      : notice('info', 'No hay ningún PDF para descargar', nothing, more);
  }
  return zip;
}

// The menu's acts; chosen are its rows by their ids. exporting.js says what the rest is.
export function createActs({ page, section, company, all, query, chosen }) {
  const { paint } = page;
  let preparing = '';
  let problem = null;
  let zip = null;

  async function sheet(format) {
    if (preparing) return;
    preparing = format;
    announce('Preparando el listado…');
    paint();
    const wanted = new URLSearchParams(query());
    wanted.set('format', format);
    problem = await list(page, company, wanted);
    preparing = '';
    paint();
  }
  function start(rows) {
    if (zip?.busy) return;
    announce('Buscando los documentos…');
    zip = createZip({ page, section, company, all: rows ? () => rows : all(), close: () => { zip = null; paint(); } });
    zip.goOn();
  }

  const item = (what, drawing, text) => {
    const act = ({ currentTarget }) => {
      const menu = currentTarget.closest('details');
      menu.open = false;
      menu.querySelector('summary').focus();
      what();
    };
    return html`<button type="button" class="panel-item" @click=${act}>${icon(drawing)}${text}</button>`;
  };
  function panel(total) {
    const { size } = chosen;
    const few = size === 1 ? 'El PDF elegido' : `Los ${integer(Math.min(size, MOST))} PDF elegidos`;
    return html`
      <p class="panel-fact">${total === null ? 'Todo lo filtrado' : `Lo filtrado: ${counted(total, 'registro', 'registros')}`}</p>
      ${item(() => sheet('xlsx'), 'download', 'Excel (.xlsx)')}
      ${item(() => sheet('csv'), 'download', 'CSV (.csv)')}
      ${total > MOST // where nobody counted them, trying tells
        ? html`<p class="panel-fact">${MANY}</p>`
        : item(() => start(null), 'download', 'Todos los PDF (.zip)')}
      ${size
        ? html`${item(() => start([...chosen.values()].slice(0, MOST)), 'download', `${few} (.zip)`)}${item(() => { chosen.clear(); paint(); }, 'close', 'Borrar lo elegido')}`
        : html`<p class="panel-fact last">Para un ZIP con algunos, elegilos en el listado.</p>`}`;
  }

  return {
    panel,
    preparing: () => preparing,
    shown: () => html`${trouble(problem, preparing)}${zip?.shown() ?? nothing}`,
    unsaved: () => (zip?.unsaved() ? 'Se está armando un ZIP y se va a perder. ¿Querés salir igual?' : ''),
  };
}
