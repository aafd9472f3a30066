// Tells two minutes before the session ends, for want of use or for good, and leads out when it has (WCAG 2.2.1).
import { SessionEnded, ending, now, over, renew } from './api.js';
import { announce, html, icon, nothing } from './core.js';
import { wait } from './format.js';
import { dialog } from './pieces.js';

const WARNING = 120_000;
const DOUBT = 5000; // by which clocks may differ
const ID = 'session-warning';
const FAILED = 'No pudimos conectarnos. Probá de nuevo.';
let warned = false;
let failed = false;
let asking = false;

const place = () => document.getElementById(ID);
const left = () => (ending()?.at ?? Infinity) - now();

export function watch({ paint, ended }) {
  // That it is over the server says: the clock may have been set. Where it does not answer, it is.
  async function end() {
    asking = true;
    const goesOn = await renew().catch((error) => error instanceof SessionEnded || over()); // there somebody else is inside
    asking = false;
    if (goesOn) return;
    if (place()?.open) place().close();
    warned = false;
    ended();
  }
  setInterval(() => {
    if (!place()) { warned = false; return; }
    const remaining = left();
    if (remaining === Infinity) return;
    if (remaining <= -DOUBT) {
      if (!asking) end();
    } else if (remaining <= WARNING && !warned) {
      warned = true;
      failed = false;
      paint();
      place().showModal(); // read out with what describes it
    } else if (remaining > WARNING && warned) {
      warned = false; // another tab went on
      place().close();
    } else if (warned) paint();
  }, 1000);
}

export function warning({ paint, ended }) {
  async function goOn() {
    try {
      if (!(await renew())) { place()?.close(); return ended(); }
      warned = false;
      place()?.close();
      announce('Seguís conectado.');
    } catch (error) {
      if (error instanceof SessionEnded) return; // somebody else is inside
      failed = true;
      announce(FAILED);
    }
    paint();
  }
  const known = ending();
  const extendable = known?.extends ?? true;
  const time = html`<strong>${wait(Math.max(1, left() / 1000))}</strong>`;
  return dialog({
    id: ID,
    title: 'Tu sesión está por terminar',
    described: `${ID}-text`,
    content: html`
      ${extendable
        ? html`<p id="${ID}-text">Hace rato que no usás miINTI. Por seguridad, en ${time} se cierra.</p>`
        : html`<p id="${ID}-text">${known.days ? `Por seguridad, una sesión dura ${known.days} días como máximo. Esta` : 'Tu clave de pago está por vencer. Tu sesión'} se cierra en ${time} y no se puede prolongar; después ingresás de nuevo y seguís donde estabas.</p>`}
      ${failed ? html`<p class="error">${icon('offline')} ${FAILED}</p>` : nothing}`,
    footer: (close) => (extendable
      ? html`<button class="button" autofocus>Seguir conectado</button>`
      : html`<button type="button" class="button" autofocus @click=${close}>Entendido</button>`),
    submit: goOn,
  });
}
