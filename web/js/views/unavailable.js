// Chapters of the menu without a service behind them yet: says so, and who to write to meanwhile.
import { mailto } from '../contact.js';
import { html, icon } from '../core.js';

const PAGES = {
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
