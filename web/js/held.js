// What of a client's documents is in a payment, while it is.
import { ask } from './api.js';
import { html, icon } from './core.js';

const NEWEST = 20; // payments looked at: one that still has its documents is hardly older

/* id of a document → the payment that it is in. Where that cannot be had nothing is in one: the page to pay tells. */
export async function held(company, signal) {
  try {
    const { items } = await ask('GET', `/companies/${encodeURIComponent(company)}/payments?limit=${NEWEST}`, undefined, { signal });
    return new Map(items.filter(({ holds }) => holds).flatMap((one) => one.documents.map(({ doc_id }) => [doc_id, one])));
  } catch {
    return new Map();
  }
}
export const mark = ({ state }) => html`<span class="badge care">${icon('clock')}${state === 'credited' ? 'Pago informado' : 'En un pago'}</span>`;
