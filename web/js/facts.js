// What a document's detail tells, by its kind: [label, value], null for what is left out.
import * as format from './format.js';
import { progressBar, tax } from './kinds.js';

// What is zero in nearly all vouchers is told where it is not.
const some = (text) => (/^-?0+(\.0+)?$/.test(text ?? '') ? null : text);
const fact = (label, value) => (value === null || value === undefined || value === '–' ? null : [label, value]);

export const FACTS = {
  voucher: (d) => [
    fact('Fecha', format.day(d.date)), fact('Vencimiento', format.day(d.due_date)),
    fact('Facturado', format.money(d.billed, d.currency)), fact('Cobrado', format.money(d.collected, d.currency)),
    fact(d.status === 'on_account' || d.status === 'applied' ? 'Sin aplicar' : 'Resta pagar', format.money(d.remaining, d.currency)),
    fact('Neto', format.money(d.net, d.document_currency)), fact(`IVA${d.vat_rate ? ` (${format.percent(d.vat_rate)})` : ''}`, format.money(d.vat, d.document_currency)),
    fact('Exento', format.money(some(d.exempt), d.document_currency)), fact('Percepciones', format.money(some(d.perceptions), d.document_currency)),
    fact('Total', format.money(d.total, d.document_currency)),
    d.document_currency && !['PES', 'ARS'].includes(d.document_currency) ? fact('Tipo de cambio', format.amount(d.exchange_rate)) : null,
    fact('Punto de venta', String(d.point_of_sale)), fact(d.auth_kind ?? 'CAE', d.auth_code), fact(`Vencimiento del ${d.auth_kind ?? 'CAE'}`, format.day(d.auth_due)),
  ],
  withholding: (d) => [
    fact('Fecha', format.day(d.date)), fact('Impuesto', tax(d.tax)), fact('Código de impuesto', d.tax_code), fact('Régimen', d.regime), fact('Jurisdicción', d.jurisdiction),
    fact('Base', format.money(d.base, d.currency)), fact('Alícuota', format.percent(d.rate)), fact('Importe retenido', format.money(d.amount, d.currency)),
    fact('Orden de pago', d.payment_order), fact('Tu factura', d.source_number), fact('Fecha de tu factura', format.day(d.source_date)), fact('Total de tu factura', format.money(d.source_total, d.currency)),
    fact('Sistema', d.system), fact('Formulario', d.form), fact('Código de seguridad', d.security_code), fact('Anulado el', format.day(d.voided_date)),
  ],
  quote: (d) => [
    fact('Fecha', format.day(d.date)), fact('Válido hasta', format.day(d.valid_until)), fact('Decidido el', format.day(d.decided_date)),
    fact('Servicio', d.service), fact('Código de servicio', d.service_code), fact('Centro', d.centre), fact('Cantidad', d.quantity === null ? null : format.integer(d.quantity)),
    fact('Neto', format.money(d.net, d.currency)), fact('IVA', format.money(d.vat, d.currency)), fact('Total', format.money(d.total, d.currency)),
  ],
  work_order: (d) => [
    fact('Fecha', format.day(d.date)), fact('Prometida para', format.day(d.promised_date)), fact('Avance', d.progress === null ? null : progressBar(d.progress)),
    fact('Servicio', d.service), fact('Código de servicio', d.service_code), fact('Centro', d.centre),
    fact('Muestra', d.sample_description), fact('Identificación de la muestra', d.sample_id), fact('Muestras', d.samples === null ? null : format.integer(d.samples)),
    fact('Recibida el', format.day(d.received_date)), fact('Informe', d.report_number), fact('Fecha del informe', format.day(d.report_date)),
  ],
};

// A voucher's number out of its id (v-00205-00001513-001), for where only the id is known.
export const voucherOf = (id) => {
  const [, point, run] = id.split('-');
  return `${String(Number(point)).padStart(4, '0')}-${run}`;
};
