// What stands around the pages of who pays with a mailed key: one client, no menu, and the way out.
import { lock, user } from './api.js';
import { html } from './core.js';
import { brand, footer, offline, skip } from './frame.js';
import { warning } from './session.js';

export const closeMenu = () => {};

export const inside = (page, content) => html`
  ${skip()}
  <header class="bar">${brand(`/comprobantes/${user().id}/pagar`)}<a class="bar-link" href="/salir" @click=${lock}>Salir</a></header>
  ${offline()}
  <div class="layout plain"><div class="column"><main id="content" tabindex="-1">${content}</main>${footer()}</div></div>
  ${warning(page)}`;
