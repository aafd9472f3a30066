import { user } from '../api.js';
import { html, icon } from '../core.js';
import { MENU } from '../inside.js';

const ORDER = ['Clientes', 'Proveedores', 'Consultas'];
const groups = ORDER.map((name) => MENU.find(([group]) => group === name));
const FIRST = { Clientes: ['/comprobantes', '/pago', '/ordenes', '/presupuestos'], Proveedores: ['/retenciones', '/registro-proveedores'], Consultas: ['/consultas'] };

export default () => ({
  title: 'Inicio',
  content: () => html`
    <h1>Hola, ${user().first_name}</h1>
    <p class="lead">¿Qué necesitás hacer hoy?</p>
    ${groups.map(([group, items]) => html`
      <section class="tiles"><h2>${group}</h2>
        <ul>${FIRST[group].map((path) => items.find(([href]) => href === path)).map(([href, title, drawing, text]) => html`
          <li><a class="tile" href=${href}><span class="tile-icon">${icon(drawing)}</span><span><strong>${title}</strong><span class="tile-text">${text}</span></span></a></li>`)}</ul>
      </section>`)}`,
});
