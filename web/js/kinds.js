// The four kinds of document, each a section of the menu: whose it is, its columns, its states, what its detail tells.
import { ApiError, user } from './api.js';
import { crumbs, html, icon } from './core.js';
import * as format from './format.js';

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

const TAXES = { IVA: 'IVA', GANANCIAS: 'Ganancias', IIBB: 'Ingresos Brutos', SUSS: 'SUSS' };
const tax = (code) => TAXES[code] ?? code;
const withLetter = ({ type_label, letter }) => (letter ? `${type_label} ${letter}` : type_label);
const BY_DATE = ['más antiguo primero', 'más nuevo primero'];
const BY_STATE = ['vencidos primero', 'vencidos al final'];

const VOUCHER_TYPES = [
  ['Facturas', [['001', 'Factura A'], ['006', 'Factura B'], ['011', 'Factura C'], ['019', 'Factura E'], ['051', 'Factura M'], ['201', 'Factura de Crédito MiPyME A'], ['206', 'Factura de Crédito MiPyME B'], ['211', 'Factura de Crédito MiPyME C']]],
  ['Notas de crédito', [['003', 'Nota de Crédito A'], ['008', 'Nota de Crédito B'], ['013', 'Nota de Crédito C'], ['021', 'Nota de Crédito E'], ['053', 'Nota de Crédito M'], ['203', 'Nota de Crédito MiPyME A'], ['208', 'Nota de Crédito MiPyME B'], ['213', 'Nota de Crédito MiPyME C']]],
  ['Notas de débito', [['002', 'Nota de Débito A'], ['007', 'Nota de Débito B'], ['012', 'Nota de Débito C'], ['020', 'Nota de Débito E'], ['052', 'Nota de Débito M'], ['202', 'Nota de Débito MiPyME A'], ['207', 'Nota de Débito MiPyME B'], ['212', 'Nota de Débito MiPyME C']]],
  ['Recibos', [['RX', 'Recibo X'], ['004', 'Recibo A'], ['009', 'Recibo B'], ['015', 'Recibo C'], ['054', 'Recibo M']]],
  ['Ventas al contado', [['005', 'Nota de Venta al Contado A'], ['010', 'Nota de Venta al Contado B']]],
];

// What is zero in nearly all vouchers is told where it is not.
const some = (text) => (/^-?0+(\.0+)?$/.test(text ?? '') ? null : text);
const fact = (label, value) => (value === null || value === undefined || value === '–' ? null : [label, value]);

export const SECTIONS = {
  comprobantes: {
    path: '/comprobantes', title: 'Mis comprobantes', lead: 'Facturas y recibos', role: 'client', kind: 'voucher',
    list: 'Descarga de comprobantes', see: 'Ver comprobantes', one: 'comprobante', many: 'comprobantes', drawing: 'voucher',
    number: ({ number }) => format.voucherNumber(number),
    name: (row) => `${withLetter(row)} ${format.voucherNumber(row.number)}`,
    states: [['overdue', 'Vencido'], ['due', 'Pendiente'], ['partial', 'Parcial'], ['on_account', 'A cuenta'], ['applied', 'Aplicado'], ['paid', 'Pagado'], ['void', 'Anulado']],
    types: VOUCHER_TYPES, typeTitle: 'Tipo',
    columns: [
      { id: 'date', title: 'Fecha', kind: 'nowrap', words: BY_DATE, cell: ({ date }) => format.day(date) },
      { id: 'number', title: 'N° comprobante', kind: 'main nowrap', words: ['menor a mayor', 'mayor a menor'] },
      { id: 'type', title: 'Tipo', cell: withLetter },
      { id: 'billed', title: 'Facturado', num: true, sum: true, cell: ({ billed, currency }) => format.money(billed, currency) },
      { id: 'collected', title: 'Cobrado', num: true, sum: true, cell: ({ collected, currency }) => format.money(collected, currency) },
      { id: 'status', title: 'Estado', kind: 'state', words: BY_STATE, cell: ({ status, status_label }) => badge(status, status_label) },
    ],
    facts: (d) => [
      fact('Fecha', format.day(d.date)), fact('Vencimiento', format.day(d.due_date)),
      fact('Facturado', format.money(d.billed, d.currency)), fact('Cobrado', format.money(d.collected, d.currency)),
      fact(d.status === 'on_account' || d.status === 'applied' ? 'Sin aplicar' : 'Resta pagar', format.money(d.remaining, d.currency)),
      fact('Neto', format.money(d.net, d.document_currency)), fact(`IVA${d.vat_rate ? ` (${format.percent(d.vat_rate)})` : ''}`, format.money(d.vat, d.document_currency)),
      fact('Exento', format.money(some(d.exempt), d.document_currency)), fact('Percepciones', format.money(some(d.perceptions), d.document_currency)),
      fact('Total', format.money(d.total, d.document_currency)),
      d.document_currency && !['PES', 'ARS'].includes(d.document_currency) ? fact('Tipo de cambio', d.exchange_rate?.replace('.', ',')) : null,
      fact('Punto de venta', String(d.point_of_sale)), fact(d.auth_kind ?? 'CAE', d.auth_code), fact(`Vencimiento del ${d.auth_kind ?? 'CAE'}`, format.day(d.auth_due)),
    ],
  },
  retenciones: {
    path: '/retenciones', title: 'Mis retenciones', lead: 'Comprobantes de retenciones de IVA', role: 'supplier', kind: 'withholding',
    list: 'Descarga de retenciones', see: 'Ver retenciones', one: 'retención', many: 'retenciones', drawing: 'withholding',
    number: ({ number }) => number,
    name: (row) => `Retención de ${tax(row.tax)} ${row.number}`,
    states: [['issued', 'Emitido'], ['void', 'Anulado']],
    types: [['Impuestos', Object.entries(TAXES)]], typeTitle: 'Impuesto',
    columns: [
      { id: 'date', title: 'Fecha', kind: 'nowrap', words: BY_DATE, cell: ({ date }) => format.day(date) },
      { id: 'number', title: 'N° certificado', kind: 'main nowrap', words: ['menor a mayor', 'mayor a menor'] },
      { id: 'tax', title: 'Impuesto', cell: (row) => tax(row.tax) },
      { id: 'payment_order', title: 'Orden de pago', unsorted: true, cell: ({ payment_order }) => payment_order ?? '–' },
      { id: 'base', title: 'Base', num: true, unsorted: true, cell: ({ base, currency }) => format.money(base, currency) },
      { id: 'amount', title: 'Retenido', num: true, cell: ({ amount, currency }) => format.money(amount, currency) },
      { id: 'state', title: 'Estado', kind: 'state', unsorted: true, cell: ({ status, status_label }) => badge(status, status_label) },
    ],
    facts: (d) => [
      fact('Fecha', format.day(d.date)), fact('Impuesto', tax(d.tax)), fact('Código de impuesto', d.tax_code), fact('Régimen', d.regime), fact('Jurisdicción', d.jurisdiction),
      fact('Base', format.money(d.base, d.currency)), fact('Alícuota', format.percent(d.rate)), fact('Importe retenido', format.money(d.amount, d.currency)),
      fact('Orden de pago', d.payment_order), fact('Tu factura', d.source_number), fact('Fecha de tu factura', format.day(d.source_date)), fact('Total de tu factura', format.money(d.source_total, d.currency)),
      fact('Sistema', d.system), fact('Formulario', d.form), fact('Código de seguridad', d.security_code), fact('Anulado el', format.day(d.voided_date)),
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
      { id: 'number', title: 'N° presupuesto', kind: 'main nowrap', words: ['menor a mayor', 'mayor a menor'] },
      { id: 'service', title: 'Servicio', kind: 'words', unsorted: true, cell: ({ service }) => service ?? '–' },
      { id: 'valid_until', title: 'Válido hasta', kind: 'nowrap', unsorted: true, cell: ({ valid_until }) => format.day(valid_until) },
      { id: 'total', title: 'Total', num: true, cell: ({ total, currency }) => format.money(total, currency) },
      { id: 'state', title: 'Estado', kind: 'state', unsorted: true, cell: ({ status, status_label }) => badge(status, status_label) },
    ],
    facts: (d) => [
      fact('Fecha', format.day(d.date)), fact('Válido hasta', format.day(d.valid_until)), fact('Decidido el', format.day(d.decided_date)),
      fact('Servicio', d.service), fact('Código de servicio', d.service_code), fact('Centro', d.centre), fact('Cantidad', d.quantity === null ? null : format.integer(d.quantity)),
      fact('Neto', format.money(d.net, d.currency)), fact('IVA', format.money(d.vat, d.currency)), fact('Total', format.money(d.total, d.currency)),
    ],
  },
  ordenes: {
    path: '/ordenes', title: 'Órdenes de trabajo', lead: 'Solicitud de ensayo', role: 'client', kind: 'work_order',
    list: 'Órdenes de trabajo', see: 'Ver órdenes', one: 'orden de trabajo', many: 'órdenes de trabajo', drawing: 'work-order', detailed: true,
    number: ({ number }) => number,
    name: ({ number }) => `Orden de trabajo ${number}`,
    states: [['awaiting_sample', 'En espera de muestra'], ['sample_received', 'Muestra recibida'], ['in_progress', 'En ejecución'], ['in_review', 'En revisión'], ['report_issued', 'Informe emitido'], ['invoiced', 'Facturada'], ['suspended', 'Suspendida'], ['void', 'Anulada']],
    types: [], stateTitle: 'Etapa',
    columns: [
      { id: 'date', title: 'Fecha', kind: 'nowrap', words: BY_DATE, cell: ({ date }) => format.day(date) },
      { id: 'number', title: 'N° orden', kind: 'main nowrap', words: ['menor a mayor', 'mayor a menor'] },
      { id: 'service', title: 'Servicio', kind: 'words', unsorted: true, cell: ({ service }) => service ?? '–' },
      { id: 'promised', title: 'Prometida', kind: 'nowrap', unsorted: true, cell: ({ promised_date }) => format.day(promised_date) },
      { id: 'progress', title: 'Avance', unsorted: true, kind: 'nowrap', cell: ({ progress }) => progressBar(progress) },
      { id: 'stage', title: 'Etapa', kind: 'state', words: ['primeras etapas primero', 'últimas etapas primero'], cell: ({ stage, stage_label }) => badge(stage, stage_label) },
    ],
    facts: (d) => [
      fact('Fecha', format.day(d.date)), fact('Prometida para', format.day(d.promised_date)), fact('Avance', d.progress === null ? null : progressBar(d.progress)),
      fact('Servicio', d.service), fact('Código de servicio', d.service_code), fact('Centro', d.centre),
      fact('Muestra', d.sample_description), fact('Identificación de la muestra', d.sample_id), fact('Muestras', d.samples === null ? null : format.integer(d.samples)),
      fact('Recibida el', format.day(d.received_date)), fact('Informe', d.report_number), fact('Fecha del informe', format.day(d.report_date)),
    ],
  },
};

function progressBar(value) {
  if (value === null) return '–';
  return html`<span><progress max="100" value=${value} aria-label="Avance"></progress> ${value}${'\u00a0'}%</span>`;
}

// What the companies are called whose lists were seen, by who saw them; of another the number is told.
const names = new Map();
const seen = (company) => `${user()?.id} ${company}`;
export const learn = (company, name) => names.set(seen(company), name);
export const nameOf = (company) => names.get(seen(company)) ?? `${company.startsWith('s-') ? 'Proveedor' : 'Cliente'} ${company.slice(2)}`;

// Where a document is shown, by its id: the letter tells the kind.
const BY_LETTER = { v: 'comprobantes', w: 'retenciones', q: 'presupuestos', o: 'ordenes' };
export const documentPath = (company, id) => `/${BY_LETTER[id[0]]}/${company}/${encodeURIComponent(id)}`;

// A voucher's number out of its id (v-00205-00001513-001), for where only the id is known.
export const voucherOf = (id) => {
  const [, point, run] = id.split('-');
  return `${String(Number(point)).padStart(4, '0')}-${run}`;
};

export const emptyList = (section) => html`
  <div class="empty">${icon(section.drawing)}<p class="empty-title">Ningún dato disponible en esta tabla</p>
    <p>Esta empresa todavía no tiene ${section.many}. Cuando el INTI emita ${section.kind === 'withholding' || section.kind === 'work_order' ? 'la primera' : 'el primero'}, va a aparecer acá.</p></div>`;

// Not theirs, or of a kind that the company has not (of the rest of the query, the API says what is wrong).
export const lost = (error) => error instanceof ApiError
  && (error.status === 404 || (error.status === 422 && error.errors.some(({ field }) => field === 'kind')));

export const gone = (section) => html`
  ${crumbs([[section.path, section.title]], 'No encontrada')}
  <h1>No encontramos lo que buscás</h1>
  <p class="lead">Puede que ya no tengas vinculada la empresa, o que el enlace esté mal escrito.</p>
  <p><a class="button" href=${section.path}>Ver mis empresas</a></p>`;
