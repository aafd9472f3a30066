// Sums: of a list's rows, and of what a company owes by how long it has been due. Amounts are added as whole cents, so
// that none is rounded.
import { ask } from './api.js';
import { OWED } from './kinds.js';

export const BUCKETS = [
  ['coming', 'A vencer', -Infinity], ['d30', '1 a 30 días', 1], ['d60', '31 a 60 días', 31], ['d90', '61 a 90 días', 61], ['more', 'Más de 90 días', 91],
];

export const cents = (text) => BigInt(text.replace('.', ''));
export const decimal = (sum) => {
  const figures = String(sum < 0n ? -sum : sum).padStart(3, '0');
  return `${sum < 0n ? '-' : ''}${figures.slice(0, -2)}.${figures.slice(-2)}`;
};
const days = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);

// Of debits with what remains of them, by currency: [{ currency, total, overdue, count, buckets: [{ id, label, amount,
// count, share }] }]. One without a due date is due on its own.
export function ageing(rows, today) {
  const currencies = [...new Set(rows.map(({ currency }) => currency))];
  return currencies.map((currency) => {
    const sums = BUCKETS.map(() => ({ sum: 0n, count: 0 }));
    for (const row of rows) {
      if (row.currency !== currency) continue;
      const late = days(row.due_date ?? row.date, today);
      const place = sums[BUCKETS.reduce((found, [, , from], i) => (late >= from ? i : found), 0)];
      place.sum += cents(row.remaining);
      place.count += 1;
    }
    const total = sums.reduce((all, { sum }) => all + sum, 0n);
    return {
      currency,
      total: decimal(total),
      overdue: decimal(total - sums[0].sum),
      count: sums.reduce((all, { count }) => all + count, 0),
      buckets: BUCKETS.map(([id, label], i) => ({
        id, label, amount: decimal(sums[i].sum), count: sums[i].count,
        share: total > 0n ? Number((sums[i].sum * 1000n) / total) / 10 : 0,
      })),
    };
  });
}

// What these fields add up to over the rows, by currency: [{ currency, field: sum or null where no row has it }].
export function totals(rows, fields) {
  return [...new Set(rows.map(({ currency }) => currency))].map((currency) => {
    const mine = rows.filter((row) => row.currency === currency);
    const sum = (field) => {
      const told = mine.map((row) => row[field]).filter((text) => text !== null);
      return told.length ? decimal(told.reduce((all, text) => all + cents(text), 0n)) : null;
    };
    return { currency, ...Object.fromEntries(fields.map((field) => [field, sum(field)])) };
  });
}

// The debits that are not paid, with their company: { company, rows }, or rows: null where they are more than `steps`
// pages of a hundred. Ordered by state they come first, so it is one query where there are no more. `begun` is told the
// company as soon as that is known.
export async function owed(company, { signal, steps, begun = () => {} }) {
  const rows = [];
  let cursor = '';
  for (let step = 1; ; step += 1) {
    const query = new URLSearchParams({ kind: 'voucher', sort: 'status', limit: '100', ...(cursor ? { cursor } : {}) });
    const answer = await ask('GET', `/companies/${encodeURIComponent(company)}/docs?${query}`, undefined, { signal });
    if (step === 1) begun(answer.company);
    const open = answer.items.filter(({ status, remaining }) => OWED.includes(status) && remaining !== null);
    rows.push(...open);
    const over = answer.items.some(({ status }) => !OWED.includes(status));
    if (over || !answer.next) return { company: answer.company, rows };
    if (step >= steps) return { company: answer.company, rows: null };
    cursor = answer.next;
  }
}
