// How a list stands, as the address says it: ?q&sort&status&type&from&to&size&page. What the address says wrong is left
// out; what goes without saying is not said.
import { SIZES } from './table.js';

const DAY = /^(?!0000)\d{4}-\d{2}-\d{2}$/;
// A day of the calendar: Date takes the 30th of February for the 2nd of March, and knows no 13th month.
const exists = (text) => DAY.test(text) && Date.parse(text) > -Infinity && new Date(text).toISOString().startsWith(text);
const one = (value, allowed) => (allowed.includes(value) ? value : '');

export function read(query, { sorts, sort, statuses = [], types = [], anyType }) {
  const get = (name) => query.get(name) ?? '';
  const day = (name) => (exists(get(name)) ? get(name) : '');
  const number = (name) => (/^[1-9]\d{0,5}$/.test(get(name)) ? Number(get(name)) : 1);
  return {
    q: get('q').slice(0, 100),
    sort: one(get('sort'), sorts.flatMap((name) => [name, `-${name}`])) || sort,
    status: one(get('status'), statuses),
    type: anyType?.test(get('type')) ? get('type') : one(get('type'), types),
    from: day('from'),
    to: day('to'),
    size: SIZES.includes(number('size')) ? number('size') : 10,
    page: number('page'),
  };
}

export function written(list, { sort }) {
  const said = { ...list, sort: list.sort === sort ? '' : list.sort, size: list.size === 10 ? '' : list.size, page: list.page === 1 ? '' : list.page };
  const query = new URLSearchParams(Object.entries(said).filter(([, value]) => value !== ''));
  return String(query) ? `?${query}` : '';
}

// The address as the list stands. Safari refuses more than a hundred in half a minute: then it is told with the next one.
export function addressed(how, state, address) {
  try { history[how](state, '', address); } catch { /* too many */ }
}

export const filtered = ({ q, status, type, from, to }) => Boolean(q || status || type || from || to);
export const NO_FILTERS = { q: '', status: '', type: '', from: '', to: '', page: 1 };

// Periods that people ask for, as days of the calendar in Argentina; `today` is "2026-11-24".
export function periods(today) {
  const [year, month, date] = today.split('-').map(Number);
  const iso = (y, m, d) => new Date(Date.UTC(y, m - 1, d)).toISOString().slice(0, 10);
  // The day three months ago, or the last one of that month.
  const before = iso(year, month - 3, Math.min(date, new Date(Date.UTC(year, month - 3, 0)).getUTCDate()));
  return [
    ['', 'Todas las fechas', '', ''],
    ['month', 'Este mes', iso(year, month, 1), ''],
    ['quarter', 'Últimos 3 meses', before, ''],
    ['year', 'Este año', iso(year, 1, 1), ''],
    ['last', 'Año pasado', iso(year - 1, 1, 1), iso(year - 1, 12, 31)],
  ];
}
