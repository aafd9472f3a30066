// What is taken out of a list: which rows, and the menu, whose acts (bundle.js) come when it is first opened.
import { Outdated, explained, failure, html, icon, inTime, nothing } from './core.js';
import { integer } from './format.js';
import { closeOnEscape, closeOnLeave } from './pieces.js';

export const MOST = 500; // PDFs of one ZIP: they are in memory until it is saved

// all()(signal): the rows as filtered when it was called, null of more than MOST; query(): their filters for the API.
export function createExport({ page, section, company, all, query }) {
  const { paint } = page;
  const chosen = new Map();
  let acts = null;
  let problem = null;

  async function opened({ currentTarget: menu }) {
    if (!menu.open || acts) return;
    try {
      const { createActs } = await inTime(import('./bundle.js'));
      acts ??= createActs({ page, section, company, all, query, chosen });
      problem = null;
    } catch {
      menu.open = false;
      problem = explained(new Outdated());
    }
    paint();
  }

  const pick = (row) => {
    const change = (event) => { chosen[event.target.checked ? 'set' : 'delete'](row.id, row); paint(); };
    return row.has_file ? html`<label class="pick"><input type="checkbox" .checked=${chosen.has(row.id)} @change=${change}><span class="sr-only">Elegir ${section.name(row)}</span></label>` : nothing;
  };
  const menu = ({ total, count }) => (count || chosen.size ? html`
    <details class="dropdown export" @toggle=${opened} @focusout=${closeOnLeave} @keydown=${closeOnEscape}>
      <summary class="button secondary small">${icon('download')}${acts?.preparing() ? 'Preparando…' : 'Exportar'}${chosen.size ? ` (${integer(chosen.size)})` : ''}${icon('down')}</summary>
      <div class="panel">${acts?.panel(total) ?? html`<p class="panel-fact last">Cargando…</p>`}</div>
    </details>` : nothing);

  return {
    column: { id: 'pick', title: 'Elegir', kind: 'pick-cell', quiet: true, unsorted: true, cell: pick },
    menu,
    shown: () => (problem ? failure(problem) : acts?.shown() ?? nothing),
    unsaved: () => acts?.unsaved() ?? '',
  };
}
