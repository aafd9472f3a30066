// What stands around a page of whoever it may be: bar, footer, the strip that tells there is no network.
import { html, icon, nothing } from './core.js';

const THEME = 'miinti-theme';

export function theme(chosen) {
  const root = document.documentElement;
  try {
    if (chosen) localStorage.setItem(THEME, chosen);
    root.dataset.theme = chosen ?? localStorage.getItem(THEME) ?? root.dataset.theme ?? 'auto';
  } catch {
    root.dataset.theme = chosen ?? 'auto';
  }
  return root.dataset.theme;
}

export function onOtherTabTheme(act) {
  addEventListener('storage', ({ key, newValue }) => {
    if (key !== THEME || !newValue) return;
    document.documentElement.dataset.theme = newValue;
    act();
  });
}

const skipTo = (event) => { event.preventDefault(); document.getElementById('content').focus(); };
export const skip = () => html`<a class="skip" href="#content" @click=${skipTo}>Ir al contenido</a>`;
export const brand = (href) => html`
  <a class="brand" href=${href} translate="no"><span class="brand-name"><span>mi</span>INTI</span><span class="brand-institute">Instituto Nacional de<br>Tecnología Industrial</span></a>`;
// Always there, if hidden: without a network its drawing could not be fetched any more.
export const offline = () => html`<div class="offline" role="status" ?hidden=${navigator.onLine}>${icon('offline')} Estás sin conexión. Lo que ves puede no estar actualizado.</div>`;
export const footer = (asOf = nothing) => html`
  <footer class="footer">
    <p>Instituto Nacional de Tecnología Industrial${asOf}</p>
    <nav aria-label="Ayuda y legales"><a href="/ayuda">Ayuda</a><a href="/accesibilidad">Accesibilidad</a><a href="/privacidad">Privacidad</a></nav>
  </footer>`;

// Outside, for what anybody may read.
export const plain = (page, content) => html`
  ${skip()}
  <header class="bar">${brand('/ingresar')}<a class="bar-link" href="/ingresar">Ingresar</a></header>
  ${offline()}
  <div class="layout plain"><div class="column"><main id="content" tabindex="-1">${content}</main>${footer()}</div></div>`;

// The doors: log in, register, links of mails.
export const guest = (page, content) => html`
  ${skip()}${offline()}
  <div class="guest">
    <header class="guest-brand">${brand('/ingresar')}
      <div class="guest-pitch">
        <p class="slogan">Tus facturas, recibos y retenciones, en un solo lugar.</p>
        <ul><li>${icon('voucher')}Descargá facturas y recibos en PDF</li><li>${icon('withholding')}Bajá tus certificados de retención</li><li>${icon('work-order')}Seguí tus presupuestos y órdenes de trabajo</li></ul>
      </div>
    </header>
    <main id="content" tabindex="-1"><div class="guest-card">${content}</div></main>
    ${footer()}
  </div>`;
