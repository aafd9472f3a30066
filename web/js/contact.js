// Where people write to when a page cannot help them. The only place besides index.html's <noscript>.
import { html } from './core.js';

const EMAIL = 'facturasweb@inti.gob.ar';
export const mailto = () => html`<a href=${`mailto:${EMAIL}`}>${EMAIL}</a>`;
export const INSTITUTE_SITE = 'https://www.inti.gob.ar/';
