// What the person hears by mail, company by company.
import { SessionEnded, ask } from '../api.js';
import { announce, explained, failure, html, icon, nothing, notice } from '../core.js';
import { createForm } from '../forms.js';
import { company as told } from '../kinds.js';
import { skeleton } from '../pieces.js';

const KINDS = [['voucher', 'Comprobantes'], ['withholding', 'Retenciones'], ['quote', 'Presupuestos'], ['work_order', 'Órdenes de trabajo']];
const WAYS = [['link', 'Con un enlace'], ['attachment', 'Con el PDF adjunto'], ['none', 'No avisarme']];
const LARGEST = 50; // companies that the API takes at once
const PAGE = 100;

export default function create(page) {
  const { paint, signal } = page;
  const state = { companies: null, problem: null, saved: false };

  async function companies() {
    const found = [];
    for (let cursor = ''; cursor !== null;) {
      const query = new URLSearchParams({ limit: PAGE, ...(cursor ? { cursor } : {}) });
      const { items, next } = await ask('GET', `/companies?${query}`, undefined, { signal });
      found.push(...items);
      cursor = next;
    }
    return found;
  }
  async function load() {
    Object.assign(state, { problem: null, companies: null });
    paint();
    try {
      const [chosen, linked] = await Promise.all([ask('GET', '/me/notifications', undefined, { signal }), companies()]);
      form.values = chosen.companies;
      state.companies = linked.filter(({ id }) => id in chosen.companies);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SessionEnded) return page.ended();
      state.problem = explained(error, 'traer tus avisos');
    }
    paint();
  }

  const changed = new Set();
  const form = createForm({
    page,
    values: {},
    doing: 'guardar tus avisos',
    async send(values) {
      state.saved = false;
      while (changed.size) {
        const some = [...changed].slice(0, LARGEST);
        some.forEach((id) => changed.delete(id)); // what is chosen meanwhile is sent too
        try {
          await ask('PUT', '/me/notifications', { companies: Object.fromEntries(some.map((id) => [id, values[id]])) });
        } catch (error) {
          some.forEach((id) => changed.add(id));
          throw error;
        }
      }
      state.saved = true;
      announce('Guardamos tus avisos.');
    },
  });
  const change = (id, act) => { act(form.values[id]); changed.add(id); state.saved = false; paint(); };

  const way = (id, kind, label) => html`
    <div class="field"><label for="${id}-${kind}">${label}</label>
      <select id="${id}-${kind}" @change=${(event) => change(id, (choice) => { choice.news[kind] = event.target.value; })}>
        ${WAYS.map(([value, text]) => html`<option value=${value} .selected=${form.values[id].news[kind] === value}>${text}</option>`)}
      </select></div>`;
  const company = ({ id, name, role, number }) => html`
    <fieldset class="notices"><legend><h2>${told({ id, name, number })}</h2></legend>
      <div class="ways">${KINDS.filter(([kind]) => kind in form.values[id].news).map(([kind, label]) => way(id, kind, label))}</div>
      ${role === 'client' ? html`
        <label class="check"><input type="checkbox" .checked=${form.values[id].reminders} @change=${(event) => change(id, (choice) => { choice.reminders = event.target.checked; })}>Recordarme los pagos<span class="sr-only"> de ${name}</span></label>` : nothing}
    </fieldset>`;

  const shown = () => (state.companies.length
    ? html`<form class="form" novalidate @submit=${form.submit}>
        ${form.summary()}
        ${state.companies.map(company)}
        ${state.saved ? notice('good', 'Guardamos tus avisos') : nothing}
        ${form.button('Guardar', 'Guardando…')}
      </form>`
    : html`<div class="empty">${icon('company')}<p class="empty-title">Todavía no vinculaste ninguna empresa</p><p><a href="/comprobantes">Vinculá una</a> y elegí acá de qué te avisamos.</p></div>`);

  return {
    title: 'Avisos por correo',
    enter: load,
    unsaved: () => (changed.size || form.busy ? 'Hay avisos que no guardaste. ¿Querés salir igual?' : ''),
    again: () => state.companies ?? load(), // what was chosen and not saved stays
    content: () => html`
      <div class="heading"><div><h1>Avisos por correo</h1><p class="lead">Cuándo te escribimos por los documentos de tus empresas. Los avisos de seguridad llegan siempre.</p></div></div>
      <section class="card" aria-label="Avisos"><div class="card-body">
        ${state.problem ? failure(state.problem, load) : state.companies ? shown() : skeleton(4)}
      </div></section>`,
  };
}
