// The four kinds of document, each a section of the menu: whose it is, its columns, its states.
import { ApiError, user } from './api.js';
import { html, icon } from './core.js';
import * as format from './format.js';
import { crumbs } from './pieces.js';

const LOOKS = {
  good: ['good', ['paid', 'applied', 'issued', 'accepted', 'report_issued', 'invoiced']],
  care: ['clock', ['due', 'partial', 'on_account', 'sent', 'awaiting_sample', 'sample_received', 'in_progress', 'in_review']],
  bad: ['error', ['overdue', 'rejected', 'expired']],
  quiet: ['close', ['void', 'suspended']],
};
export function badge(status, label) {
  const [look, [drawing]] = Object.entries(LOOKS).find(([, [, states]]) => states.includes(status)) ?? ['quiet', ['question']];
  return html`<span class="badge ${look}">${icon(drawing)}${label}</span>`;
}

export const OWED = ['overdue', 'due', 'partial']; // the states of vouchers of which something is to be paid
const TAXES = { IVA: 'IVA', GANANCIAS: 'Ganancias', IIBB: 'Ingresos Brutos', SUSS: 'SUSS' };
export const tax = (code) => TAXES[code] ?? code;
export const withLetter = ({ type_label, letter }) => (letter ? `${type_label} ${letter}` : type_label);
const BY_DATE = ['más antiguo primero', 'más nuevo primero'];
const BY_NUMBER = ['menor a mayor', 'mayor a menor'];
const BY_STATE = ['vencidos primero', 'vencidos al final'];

// Those that are issued at a counter or by others than the institute are offered where a list has them.
const of = (label, codes) => codes.split(' ').map((code) => [code.slice(0, -1), `${label} ${code.at(-1)}`]);
const VOUCHER_TYPES = [
  ['Facturas', [...of('Factura', '001A 006B 011C 019E 051M'), ...of('Factura de Crédito Electrónica MiPyME', '201A 206B 211C')]],
  ['Notas de crédito', [...of('Nota de Crédito', '003A 008B 013C 021E 053M'), ...of('Nota de Crédito Electrónica MiPyME', '203A 208B 213C')]],
  ['Notas de débito', [...of('Nota de Débito', '002A 007B 012C 020E 052M'), ...of('Nota de Débito Electrónica MiPyME', '202A 207B 212C')]],
  ['Recibos', of('Recibo', 'RXX 004A 009B 015C 054M')],
  ['Ventas al contado', of('Nota de Venta al Contado', '005A 010B 016C 055M')],
];

export const SECTIONS = {
  comprobantes: {
    path: '/comprobantes', title: 'Mis comprobantes', lead: 'Facturas y recibos', role: 'client', kind: 'voucher',
    list: 'Descarga de comprobantes', see: 'Ver comprobantes', one: 'comprobante', many: 'comprobantes', drawing: 'voucher',
    number: ({ number }) => format.voucherNumber(number),
    name: (row) => `${withLetter(row)} ${format.voucherNumber(row.number)}`,
    states: [['overdue', 'Vencido'], ['due', 'Pendiente'], ['partial', 'Parcial'], ['on_account', 'A cuenta'], ['applied', 'Aplicado'], ['paid', 'Pagado'], ['void', 'Anulado']],
    types: VOUCHER_TYPES, typeTitle: 'Tipo', anyType: /^\d{3}$/,
    columns: [
      { id: 'date', title: 'Fecha', kind: 'nowrap', words: BY_DATE, cell: ({ date }) => format.day(date) },
      { id: 'number', title: 'N° comprobante', kind: 'main nowrap', words: BY_NUMBER },
      { id: 'type', title: 'Tipo', cell: withLetter },
      { id: 'billed', title: 'Facturado', num: true, sum: true, cell: ({ billed, currency }) => format.money(billed, currency) },
      { id: 'collected', title: 'Cobrado', num: true, sum: true, cell: ({ collected, currency }) => format.money(collected, currency) },
      { id: 'status', title: 'Estado', kind: 'state', words: BY_STATE, cell: ({ status, status_label }) => badge(status, status_label) },
    ],
  },
  retenciones: {
    path: '/retenciones', title: 'Mis retenciones', lead: 'Comprobantes de retenciones de IVA', role: 'supplier', kind: 'withholding',
    list: 'Descarga de retenciones', see: 'Ver retenciones', one: 'retención', many: 'retenciones', las: true, drawing: 'withholding',
    number: ({ number }) => number,
    name: (row) => `Retención de ${tax(row.tax)} ${row.number}`,
    states: [['issued', 'Emitido'], ['void', 'Anulado']],
    types: [['Impuestos', Object.entries(TAXES)]], typeTitle: 'Impuesto',
    columns: [
      { id: 'date', title: 'Fecha', kind: 'nowrap', words: BY_DATE, cell: ({ date }) => format.day(date) },
      { id: 'number', title: 'N° certificado', kind: 'main nowrap', words: BY_NUMBER },
      { id: 'tax', title: 'Impuesto', cell: (row) => tax(row.tax) },
      { id: 'payment_order', title: 'Orden de pago', unsorted: true, cell: ({ payment_order }) => payment_order ?? '–' },
      { id: 'base', title: 'Base', num: true, sum: true, unsorted: true, cell: ({ base, currency }) => format.money(base, currency) },
      { id: 'amount', title: 'Retenido', num: true, sum: true, cell: ({ amount, currency }) => format.money(amount, currency) },
      { id: 'state', title: 'Estado', kind: 'state', unsorted: true, cell: ({ status, status_label }) => badge(status, status_label) },
    ],
  },
  presupuestos: {
    path: '/presupuestos', title: 'Mis presupuestos', lead: 'Pedidos y cotizaciones', role: 'client', kind: 'quote',
    list: 'Presupuestos', see: 'Ver presupuestos', one: 'presupuesto', many: 'presupuestos', drawing: 'quote', detailed: true,
    number: ({ number }) => number,
    name: ({ number }) => `Presupuesto ${number}`,
    states: [['sent', 'Enviado'], ['accepted', 'Aceptado'], ['rejected', 'Rechazado'], ['expired', 'Vencido']],
    types: [],
    columns: [
      { id: 'date', title: 'Fecha', kind: 'nowrap', words: BY_DATE, cell: ({ date }) => format.day(date) },
      { id: 'number', title: 'N° presupuesto', kind: 'main nowrap', words: BY_NUMBER },
      { id: 'service', title: 'Servicio', kind: 'words', unsorted: true, cell: ({ service }) => service ?? '–' },
      { id: 'valid_until', title: 'Válido hasta', kind: 'nowrap', unsorted: true, cell: ({ valid_until }) => format.day(valid_until) },
      { id: 'total', title: 'Total', num: true, sum: true, cell: ({ total, currency }) => format.money(total, currency) },
      { id: 'state', title: 'Estado', kind: 'state', unsorted: true, cell: ({ status, status_label }) => badge(status, status_label) },
    ],
  },
  ordenes: {
    path: '/ordenes', title: 'Órdenes de trabajo', lead: 'Solicitud de ensayo', role: 'client', kind: 'work_order',
    list: 'Órdenes de trabajo', see: 'Ver órdenes', one: 'orden de trabajo', many: 'órdenes de trabajo', las: true, drawing: 'work-order', detailed: true,
    number: ({ number }) => number,
    name: ({ number }) => `Orden de trabajo ${number}`,
    states: [['awaiting_sample', 'En espera de muestra'], ['sample_received', 'Muestra recibida'], ['in_progress', 'En ejecución'], ['in_review', 'En revisión'], ['report_issued', 'Informe emitido'], ['invoiced', 'Facturada'], ['suspended', 'Suspendida'], ['void', 'Anulada']],
    types: [], stateTitle: 'Etapa',
    columns: [
      { id: 'date', title: 'Fecha', kind: 'nowrap', words: BY_DATE, cell: ({ date }) => format.day(date) },
      { id: 'number', title: 'N° orden', kind: 'main nowrap', words: BY_NUMBER },
      { id: 'service', title: 'Servicio', kind: 'words', unsorted: true, cell: ({ service }) => service ?? '–' },
      { id: 'promised', title: 'Prometida', kind: 'nowrap', unsorted: true, cell: ({ promised_date }) => format.day(promised_date) },
      { id: 'progress', title: 'Avance', unsorted: true, kind: 'nowrap', cell: ({ progress }) => progressBar(progress) },
      { id: 'stage', title: 'Etapa', kind: 'state', words: ['primeras etapas primero', 'últimas etapas primero'], cell: ({ stage, stage_label }) => badge(stage, stage_label) },
    ],
  },
};

export function progressBar(value) {
  if (value === null) return '–';
  return html`<span><progress max="100" value=${value} aria-label="Avance"></progress> ${value}${'\u00a0'}%</span>`;
}

// What the companies are called whose lists were seen, by who saw them; of another the number is told.
const names = new Map();
const seen = (company) => `${user()?.id} ${company}`;
export const isNamed = (company) => names.has(seen(company));
export const learn = (company, name) => names.set(seen(company), name);
export const nameOf = (company) => names.get(seen(company)) ?? `${company.startsWith('s-') ? 'Proveedor' : 'Cliente'} ${company.slice(2)}`;

// Where a document is shown, by its id: the letter tells the kind.
const BY_LETTER = { v: 'comprobantes', w: 'retenciones', q: 'presupuestos', o: 'ordenes' };
export const documentPath = (company, id) => `/${BY_LETTER[id[0]]}/${company}/${encodeURIComponent(id)}`;

// A company as people tell it from another of the same name.
export const company = ({ name, id, number }) => `${name} (${id.startsWith('s-') ? 'Proveedor' : 'Cliente'} ${number})`;

export const emptyList = (section) => html`
  <div class="empty">${icon(section.drawing)}<p class="empty-title">Ningún dato disponible en esta tabla</p>
    <p>Esta empresa todavía no tiene ${section.many}. Cuando el INTI emita ${section.las ? 'la primera' : 'el primero'}, va a aparecer acá.</p></div>`;

const NOWHERE = 'No encontramos lo que buscás';
// Not theirs, or of a kind that the company has not; of the rest of a query the API says what is wrong.
export function lost(error, page) {
  const missing = error instanceof ApiError
    && (error.status === 404 || (error.status === 422 && error.errors.some(({ field }) => field === 'kind')));
  if (missing) page.retitle(NOWHERE);
  return missing;
}
export const gone = (section) => html`
  ${crumbs([[section.path, section.title]], 'No encontrado')}
  <h1>${NOWHERE}</h1>
  <p class="lead">Puede que ya no tengas vinculada la empresa, o que el enlace esté mal escrito.</p>
  <p><a class="button" href=${section.path}>Ver mis empresas</a></p>`;
