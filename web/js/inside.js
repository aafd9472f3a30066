// What stands around a page of who is logged in: bar, menu, account, the warning before the session ends.
import { freshness, lock, user } from './api.js';
import { html, icon, nothing } from './core.js';
import { moment } from './format.js';
import { brand, footer, offline, skip, theme } from './frame.js';
import { closeOnEscape, closeOnLeave } from './pieces.js';
import { warning } from './session.js';

export const MENU = [
  ['Consultas', [['/consultas', 'Mis consultas', 'question', 'Consultas, reclamos, pedido de asesoramiento']]],
  ['Clientes', [
    ['/presupuestos', 'Mis presupuestos', 'quote', 'Pedidos y cotizaciones'],
    ['/ordenes', 'Órdenes de trabajo', 'work-order', 'Solicitud de ensayo'],
    ['/comprobantes', 'Mis comprobantes', 'voucher', 'Facturas y recibos'],
    ['/pago', 'Pago electrónico', 'payment', 'Pagá tu factura online'],
  ]],
  ['Proveedores', [
    ['/registro-proveedores', 'Registro de proveedores', 'register', 'Inscribí tu empresa y formá parte de nuestra base'],
    ['/retenciones', 'Mis retenciones', 'withholding', 'Comprobantes de retenciones de IVA'],
  ]],
];
const ACCOUNT = [['/mis-datos', 'Mis datos', 'user'], ['/contrasena', 'Cambiar la contraseña', 'lock'], ['/sesiones', 'Sesiones abiertas', 'devices'], ['/avisos', 'Avisos por correo', 'mail'], ['/enlaces', 'Enlaces por correo', 'link']];
const THEMES = [['auto', 'Automática'], ['light', 'Clara'], ['dark', 'Oscura']];

let menuOpen = false;
export const closeMenu = () => { menuOpen = false; };

const stale = () => (freshness()?.stale ? html`<div class="offline" role="status">${icon('clock')} El INTI no mandó novedades desde el ${moment(freshness().at)}: puede faltar lo más reciente.</div>` : nothing);

const active = (href) => (location.pathname === href || location.pathname.startsWith(`${href}/`) ? 'page' : nothing);

function account({ paint, go }) {
  const { first_name, last_name, email } = user();
  const leave = () => { lock(); go('/salir'); };
  return html`
    <details class="dropdown account" @focusout=${closeOnLeave} @keydown=${closeOnEscape}>
      <summary>${icon('user')}<span class="sr-only">Mi cuenta: </span><span class="account-name">${first_name} ${last_name}</span>${icon('down')}</summary>
      <div class="panel">
        <p class="panel-fact">${email}</p>
        <fieldset class="theme"><legend>Apariencia</legend>${THEMES.map(([value, text]) => html`
          <label><input type="radio" name="theme" value=${value} .checked=${theme() === value} @change=${() => { theme(value); paint(); }}>${text}</label>`)}</fieldset>
        ${ACCOUNT.map(([href, text, drawing]) => html`<a class="panel-item" href=${href} aria-current=${active(href)}>${icon(drawing)}${text}</a>`)}
        <button type="button" class="panel-item" @click=${leave}>${icon('leave')}Cerrar sesión</button>
      </div>
    </details>`;
}

export const inside = (page, content) => html`
  ${skip()}
  <header class="bar">
    ${brand('/')}
    <button type="button" class="menu-button" aria-expanded=${String(menuOpen)} aria-controls="menu" @click=${() => { menuOpen = !menuOpen; page.paint(); }}>${icon(menuOpen ? 'close' : 'menu')}Menú</button>
    ${account(page)}
  </header>
  ${offline()}${stale()}
  <div class="layout">
    <nav id="menu" class="menu ${menuOpen ? 'open' : ''}" aria-label="Principal">
      <a href="/" aria-current=${location.pathname === '/' ? 'page' : nothing}>${icon('home')}Inicio</a>
      ${MENU.map(([group, items], i) => html`
        <h2 id="menu-${i}">${group}</h2>
        <ul aria-labelledby="menu-${i}">${items.map(([href, text, drawing]) => html`<li><a href=${href} aria-current=${active(href)}>${icon(drawing)}${text}</a></li>`)}</ul>`)}
    </nav>
    <div class="column"><main id="content" tabindex="-1">${content}</main><p class="printed">${location.href}</p>${footer(freshness() ? ` · Datos al ${moment(freshness().at)}` : nothing)}</div>
  </div>
  ${warning(page)}`;
