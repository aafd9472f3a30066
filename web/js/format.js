// How figures are written in Argentina. Pure functions. Amounts come as decimal text and stay text: no floats, whatever
// their length.
const NBSP = '\u00a0';
const CURRENCIES = { ARS: '$', PES: '$', USD: 'US$', DOL: 'US$', EUR: '€', '060': '€' };

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, '.');

export function amount(text) {
  const [, sign, whole, decimals = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text ?? '') ?? [];
  if (whole === undefined) return '–';
  return `${sign}${grouped(whole)},${decimals.padEnd(2, '0')}`;
}

export function money(text, currency = 'ARS') {
  const figure = amount(text);
  if (figure === '–') return figure;
  const sign = figure.startsWith('-') ? '-' : '';
  return `${sign}${CURRENCIES[currency] ?? currency}${NBSP}${figure.slice(sign.length)}`;
}

export const percent = (text) => (text === null || text === undefined ? '–' : `${String(text).replace('.', ',')}${NBSP}%`);
export const integer = (number) => grouped(String(number));
export const counted = (number, one, many) => `${integer(number)} ${number === 1 ? one : many}`;

export const day = (iso) => (/^\d{4}-\d{2}-\d{2}$/.test(iso ?? '') ? iso.split('-').reverse().join('/') : '–');

const clock = new Intl.DateTimeFormat('es-AR', {
  timeZone: 'America/Argentina/Buenos_Aires',
  day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
});
export function moment(instant) {
  if (!instant) return '–';
  const part = Object.fromEntries(clock.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
  return `${part.day}/${part.month}/${part.year} ${part.hour}:${part.minute}`;
}

// "2026-11-24": the day in Argentina, wherever the browser is.
export const today = (now) => moment(now).slice(0, 10).split('/').reverse().join('-');

export const digits = (text) => text.replace(/\D/g, '');
export const cuit = (text) => digits(text).replace(/^(\d{2})(\d{8})(\d)$/, '$1-$2-$3');

// 20500001513 → 0205-00001513: point of sale and number, as printed.
export const voucherNumber = (text) =>
  (/^\d{9,13}$/.test(text) ? `${text.slice(0, -8).padStart(4, '0')}-${text.slice(-8)}` : text);

// For looking things up: without accents nor capitals. The ñ stays a letter of its own.
export const plain = (text) =>
  text.toLowerCase().replace(/ñ/g, '\u0001').normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/\u0001/g, 'ñ');

// How long to wait, in words.
export function wait(seconds) {
  if (!(seconds > 0)) return 'unos minutos';
  if (seconds < 60) return counted(Math.ceil(seconds), 'segundo', 'segundos');
  return counted(Math.ceil(seconds / 60), 'minuto', 'minutos');
}
