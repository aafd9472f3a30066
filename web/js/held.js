// What of a client's documents is in a payment, while it is.
import { SessionEnded, ask } from './api.js';
import { html, icon } from './core.js';
import { OWED } from './kinds.js';

const NEWEST = 20; // payments looked at: one that still has its documents is hardly older

// What can be paid.
export const isOwed = ({ kind, status }) => kind === 'voucher' && OWED.includes(status);

/* id of a document → the payment that it is in; null where that cannot be had: the page to pay tells. */
export async function held(page, company) {
  try {
    const { items } = await ask('GET', `/companies/${encodeURIComponent(company)}/payments?limit=${NEWEST}`, undefined, { signal: page.signal });
    return new Map(items.filter(({ holds }) => holds).flatMap((one) => one.documents.map(({ doc_id }) => [doc_id, one])));
  } catch (error) {
    if (error instanceof SessionEnded && !page.signal.aborted) page.ended();
    return null;
  }
}
// Beside the state of a document.
export const mark = (payment) => html` <span class="badge care">${icon('clock')}${payment.state === 'credited' ? 'Pago informado' : 'En un pago'}</span>`;
