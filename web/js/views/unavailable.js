// Chapters of the menu without a service behind them yet: says so, and who to write to meanwhile.
import { PAYMENT_SITE, mailto } from '../contact.js';
import { html, icon } from '../core.js';

const PAGES = {
  '/pago': {
    title: 'Pago electrónico', lead: 'Pagá tu factura online', drawing: 'payment',
    content: () => html`
      <p><strong>Con tu cuenta:</strong> entrá a <a href="/comprobantes">Mis comprobantes</a>, elegí la empresa y apretá «Pagar». Podés pagar un comprobante, varios o todo lo vencido, y ves ahí mismo en qué quedó cada pago.</p>
      <p><strong>Con la clave que te llegó por correo:</strong> el pago se hace en otro sitio del INTI, <a href=${PAYMENT_SITE} rel="noopener" target="_blank">pagoelectronico.inti.gob.ar<span class="sr-only"> (se abre en otra pestaña)</span></a>.</p>
      <ul>
        <li>Tu usuario es tu número de cliente o tu correo.</li>
        <li>La clave vale <strong>72 horas</strong>. Si se venció, pedí otra por correo a ${mailto()}.</li>
      </ul>`,
  },
  '/consultas': {
    title: 'Mis consultas', lead: 'Consultas, reclamos, pedido de asesoramiento', drawing: 'question',
    content: () => html`
      <p>Las consultas todavía no están disponibles en línea.</p>
      <p>Mientras tanto escribinos a ${mailto()}. Contanos el nombre de la empresa, su CUIT y, si es por un comprobante, el número: así te respondemos antes.</p>`,
  },
  '/registro-proveedores': {
    title: 'Registro de proveedores', lead: 'Inscribí tu empresa y formá parte de nuestra base', drawing: 'register',
    content: () => html`
      <p>La inscripción de proveedores todavía no está disponible en línea.</p>
      <p>Para inscribirte escribinos a ${mailto()} con la razón social, el CUIT y el rubro de tu empresa, y te decimos qué documentos hacen falta.</p>
      <p>Si ya sos proveedor, vinculá tu empresa para ver <a href="/retenciones">tus retenciones</a>.</p>`,
  },
};

export default function create({ path }) {
  const { title, lead, drawing, content } = PAGES[path];
  return {
    title,
    content: () => html`
      <div class="heading"><div><h1>${title}</h1><p class="lead">${lead}</p></div></div>
      <section class="card"><div class="card-body"><div class="tile-icon">${icon(drawing)}</div><div class="prose">${content()}</div></div></section>`,
  };
}
