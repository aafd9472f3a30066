// Links that were asked for and wait for a code: the page that the mail with the code names.
import { SessionEnded, ask } from '../api.js';
import { explained, failure, html, icon, nothing } from '../core.js';
import { createForm } from '../forms.js';
import * as format from '../format.js';
import * as identifiers from '../identifiers.js';
import { codeField, codeWords, confirmed, createLinking, linkedTo } from '../linking.js';
import { skeleton } from '../pieces.js';

const STATES = { received: ['care', 'clock', 'Espera el código'], confirmed: ['good', 'good', 'Confirmado'], refused: ['bad', 'error', 'Rechazado'], expired: ['quiet', 'close', 'Vencido'], ended: ['quiet', 'close', 'Terminado'] };
const ROLES = { client: 'Cliente', supplier: 'Proveedor' };

export default function create(page) {
  const { paint, signal } = page;
  const state = { requests: null, problem: null };
  const linking = createLinking(page, { asked: load });
  const forms = new Map();

  async function load() {
    state.problem = null;
    paint();
    try {
      state.requests = (await ask('GET', '/link-requests?limit=100', undefined, { signal })).items;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SessionEnded) return page.ended();
      state.problem = explained(error, 'traer tus pedidos');
    }
    paint();
  }
  function formOf(id) {
    if (!forms.has(id)) {
      const field = `code-${id}`;
      const wordsOf = codeWords();
      const named = (words) => words && Object.fromEntries(Object.entries(words).map(([name, text]) => [name === 'code' ? field : name, text]));
      forms.set(id, createForm({
        page,
        values: { [field]: '' },
        doing: 'confirmar la vinculación',
        check: (values) => ({ [field]: identifiers.code(values[field]) }),
        send: async (values) => linkedTo(page, await confirmed(id, values[field])),
        words: (error) => named(wordsOf(error)),
      }));
    }
    return forms.get(id);
  }

  const request = ({ request_id, role, cuit, number, state: stands, created_at, expires_at }) => {
    const form = formOf(request_id);
    const [look, drawing, text] = STATES[stands];
    return html`
      <section class="card" aria-labelledby="request-${request_id}">
        <div class="card-head"><h2 id="request-${request_id}">${ROLES[role]} ${number}<span class="sr-only">, pedido del ${format.moment(created_at)}</span></h2><span class="badge ${look}">${icon(drawing)}${text}</span></div>
        <div class="card-body">
          <dl class="facts-grid">
            <div><dt>N° de CUIT</dt><dd>${format.cuit(cuit)}</dd></div>
            <div><dt>Lo pediste el</dt><dd>${format.moment(created_at)}</dd></div>
            ${stands === 'received' ? html`<div><dt>El código vence el</dt><dd>${format.moment(expires_at)}</dd></div>` : nothing}
          </dl>
          ${stands === 'received' ? html`
            <form class="form narrow" novalidate @submit=${form.submit}>
              ${form.summary()}
              ${codeField(form, `code-${request_id}`)}
              ${form.button('Confirmar', 'Confirmando…')}
            </form>` : nothing}
        </div>
      </section>`;
  };
  const linkButton = () => html`<button type="button" class="button" @click=${linking.open}>${icon('plus')}Vincular con Cliente/Proveedor</button>`;
  const none = () => html`
    <section class="card"><div class="card-body"><div class="empty">${icon('mail')}<p class="empty-title">No tenés pedidos de vinculación</p>
      <p>Cuando pidas vincular una empresa que confirma con un código, lo escribís acá.</p>${linkButton()}</div></div></section>`;

  return {
    title: 'Pedidos de vinculación',
    enter: load,
    unsaved: linking.unsaved,
    content: () => html`
      <div class="heading"><div><h1>Pedidos de vinculación</h1><p class="lead">El código lo recibe el correo que la empresa tiene registrado en el INTI</p></div>
        ${state.requests?.length ? linkButton() : nothing}</div>
      ${state.problem ? failure(state.problem, load) : !state.requests ? skeleton(3) : state.requests.length ? state.requests.map(request) : none()}
      ${linking.template()}`,
  };
}
