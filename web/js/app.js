// Routes, and the way from one page to the next. What a page is: docs/architecture.md.
import { hint, onWord, renew, user } from './api.js';
import { announce, explained, failure, html, inTime, nothing, outdated, reload, show } from './core.js';
import { guest, onOtherTabTheme, plain, theme } from './frame.js';
import wayOut from './views/leaving.js'; // the way out and the door are here from the start: they open without a network
import door from './views/login.js';

// What stands around the pages of who is logged in comes with the first of them.
let within = null;
const inside = (page, content) => within.inside(page, content);
async function comeIn() {
  const payer = user() ? user().company : hint()?.payer;
  const [frame, { watch }] = await Promise.all([payer ? import('./paying.js') : import('./inside.js'), import('./session.js')]);
  if (!within) watch({ paint, ended });
  within = frame;
}

const mailLink = () => import('./views/mail-link.js');
const companies = () => import('./views/companies.js');
const documents = () => import('./views/documents.js');
const account = () => import('./views/account.js');
const detail = () => import('./views/document.js');
const unavailable = () => import('./views/unavailable.js');
const about = () => import('./views/about.js');

// Path, the frame around it (inside: only for who is logged in; null: as the visitor is), and its module.
const ROUTES = [
  ['/', inside, () => import('./views/start.js')],
  ['/ingresar', guest, async () => ({ default: door })],
  ['/salir', guest, async () => ({ default: wayOut })],
  ['/registro', guest, () => import('./views/register.js')],
  ['/activar', guest, mailLink],
  ['/confirmar-correo', guest, mailLink],
  ['/cancelar-correo', guest, mailLink],
  ['/objetar', guest, mailLink],
  ['/dejar-avisos', guest, mailLink],
  ['/documento', guest, () => import('./views/mailed.js')],
  ['/recuperar', guest, () => import('./views/recover.js')],
  ['/restablecer', guest, () => import('./views/reset.js')],
  ['/vincular', inside, () => import('./views/link-requests.js')],
  ['/:section(comprobantes|retenciones|presupuestos|ordenes)', inside, companies],
  ['/:section(comprobantes|retenciones|presupuestos|ordenes)/:company', inside, documents],
  ['/:section(comprobantes)/:company/cuenta', inside, account],
  ['/:section(comprobantes)/:company/pagar', inside, () => import('./views/pay.js')],
  ['/:section(comprobantes|retenciones|presupuestos|ordenes)/:company/:document', inside, detail],
  ['/mis-datos', inside, () => import('./views/my-data.js')],
  ['/contrasena', inside, () => import('./views/password.js')],
  ['/sesiones', inside, () => import('./views/sessions.js')],
  ['/avisos', inside, () => import('./views/notifications.js')],
  ['/enlaces', inside, () => import('./views/links.js')],
  ['/pago', null, () => import('./views/payment.js')],
  ['/consultas', inside, unavailable],
  ['/registro-proveedores', inside, unavailable],
  ['/ayuda', null, about],
  ['/accesibilidad', null, about],
  ['/privacidad', null, about],
].map(([path, around, load]) => ({
  pattern: new RegExp(`^${path.replace(/:(\w+)(\([^)]+\))?/g, (_, name, shape) => `(?<${name}>${shape?.slice(1, -1) ?? '[^/]+'})`)}/?$`),
  around,
  load,
}));
const NOWHERE = { around: null, load: () => import('./views/not-found.js'), params: {} };

const root = document.getElementById('app');
let shown = null; // { view, around, leaving, whose, secrets: what forgets the passwords }
let aside = null; // the page whose session ended, with { at, state, scroll, open: a dialog }
let visit = 0;
const QUIET = 300; // milliseconds

function paint() {
  if (!shown) return;
  const surrounding = shown.around ?? (user() && within ? inside : plain);
  if (surrounding === inside && !user()) return; // on the way out
  show(surrounding({ paint, go, ended }, shown.view.content()), root);
  shown.entry = [history.state, '', here()];
  document.title = `${root.querySelector('main .summary, dialog[open] .summary') ? 'Error: ' : ''}${shown.view.title} – miINTI`;
}

const here = () => location.pathname + location.search;

export function go(target, { replace = false, state = null } = {}) {
  try {
    if (!replace) history.replaceState({ ...history.state, scroll: scrollY }, '');
    history[replace ? 'replaceState' : 'pushState'](state, '', target);
  } catch {
    return location.assign(target); // Safari takes a hundred in half a minute
  }
  return navigate();
}

// The session is over: log in, and come back to the same place.
function ended() {
  if (!shown || !root.querySelector('#session-warning')) return; // led out already
  if (shown.around === inside && !shown.leaving.signal.aborted) {
    shown.secrets.forEach((forgetIt) => forgetIt());
    const open = root.querySelector('dialog[open]:not(#session-warning)')?.id;
    aside = { ...shown, at: here(), state: history.state, scroll: scrollY, open };
  }
  const door = shown.whose?.startsWith('c-') ? '/pago' : '/ingresar';
  shown = null;
  return go(`${door}?motivo=vencida&volver=${encodeURIComponent(here())}`, { replace: true });
}
function comeBack() {
  coming(false);
  const { state, scroll, open } = aside;
  shown = aside;
  aside = null;
  history.replaceState(state, '');
  paint();
  const box = open ? document.getElementById(open) : null;
  box?.showModal();
  window.scrollTo(0, scroll);
  const summary = [...root.querySelectorAll('.summary')].find((each) => each.closest('dialog') === box);
  if (summary) summary.focus();
  else if (!box) focusTitle();
  (shown.view.again ?? shown.view.enter)?.();
}
function dropAside() {
  aside?.leaving.abort();
  aside = null;
}
// Who is inside now, is told: a page of theirs that was put aside comes back. Of somebody else what was theirs goes, and out
// of sight at once; the address may tell of it too.
function changed(id) {
  if (aside?.whose === id) return go(aside.at, { replace: true });
  const of = (page) => page?.whose && page.whose !== id && page.around !== guest;
  if (!of(shown) && !of(aside)) return;
  dropAside();
  shown?.leaving.abort();
  shown = null;
  show(nothing, root);
  document.title = 'miINTI';
  go('/', { replace: true });
}
function focusTitle() {
  const title = root.querySelector('main h1');
  title?.setAttribute('tabindex', '-1');
  title?.focus({ preventScroll: true });
}

function routeOf(path) {
  for (const route of ROUTES) {
    const found = route.pattern.exec(path);
    if (found) return { ...route, params: decoded(found.groups ?? {}) };
  }
  return NOWHERE;
}
function decoded(groups) {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    return groups;
  }
}

// What is shown where a page cannot even begin: no network, or a module that a new version has taken away.
const refresh = ({ signal }) => ({
  title: 'Actualizá la página',
  enter: () => addEventListener('online', () => (aside ? navigate() : location.reload()), { signal }),
  content: () => html`
    <h1>Actualizá la página</h1>
    <p class="lead">${outdated()}</p>
    <p>${reload()}</p>`,
});
const broken = (error) => ({
  title: 'No pudimos abrir la página',
  content: () => html`<h1>No pudimos abrir la página</h1>${failure(explained(error, 'abrir la página'), () => navigate())}`,
});

// A line on top says that a page is on its way.
let waiting = null;
function coming(still) {
  clearTimeout(waiting);
  document.documentElement.classList.remove('coming');
  if (still) waiting = setTimeout(() => { document.documentElement.classList.add('coming'); announce('Cargando…'); }, QUIET);
}

// scroll: how far down the page was when it was left.
let first = true;
async function navigate(scroll = 0) {
  const mine = ++visit;
  coming(!first);
  shown?.leaving.abort(); // what the page before was waiting for is nobody's any more
  const route = routeOf(location.pathname);
  const loading = inTime(Promise.all([route.load(), route.around !== guest && (user() || hint()) ? comeIn().catch((error) => { if (route.around) throw error; }) : null])).catch((error) => { if (mine === visit) console.warn(error); return null; });
  let next;
  try {
    // Who has a session may come in; the page is fetched meanwhile.
    const renewal = () => (route.around ? renew() : renew().catch(() => false)); // help is there whatever fails
    const payer = hint()?.payer;
    const signed = Boolean(user()) || (route.around !== guest && hint() ? await renewal() : false);
    if (mine !== visit) return;
    const client = user()?.company?.id; // who pays with a key has one page
    if (route.around === inside && (!signed || (client && location.pathname !== `/comprobantes/${client}/pagar`))) {
      return go(`${payer && !signed ? '/pago' : '/ingresar'}${here() === '/' ? '' : `?volver=${encodeURIComponent(here())}`}`, { replace: true });
    }
    if (aside && signed && route.around !== guest) {
      const back = aside.at === here();
      if (back && aside.whose === user().id) return comeBack();
      dropAside();
      if (back) return go('/', { replace: true }); // the address is another's
    }
    const [module] = (await loading) ?? [];
    if (mine !== visit) return;
    if (signed && !user()) return navigate(); // ended meanwhile
    next = (page) => (module ? module.default(page) : refresh(page));
  } catch (error) {
    if (mine !== visit) return;
    next = () => broken(error);
  }
  coming(false);
  within?.closeMenu();
  root.querySelectorAll('dialog[open]:not(#session-warning)').forEach((box) => box.close()); // the next page may have the same
  const around = route.around === inside && !(user() && within) ? plain : route.around;
  const page = { around, leaving: new AbortController(), whose: user()?.id, secrets: [] };
  page.view = next({
    path: location.pathname.replace(/\/$/, '') || '/',
    params: route.params,
    query: new URLSearchParams(location.search),
    hash: location.hash.slice(1),
    signal: page.leaving.signal,
    paint,
    go: (...way) => (shown?.view === page.view ? go(...way) : undefined),
    ended: () => { if (shown?.view === page.view && !user()) ended(); },
    onEnd: (forgetIt) => page.secrets.push(forgetIt),
    retitle: (title) => { page.view.title = title; paint(); },
  });
  shown = page;
  if (first) root.replaceChildren();
  paint();
  if (!first) {
    window.scrollTo(0, 0);
    focusTitle();
  }
  first = false;
  await page.view.enter?.();
  if (scroll && mine === visit && !scrollY) window.scrollTo(0, scroll); // not under who has gone on by themselves
}

const unsaved = () => (shown && !shown.leaving.signal.aborted ? shown.view.unsaved?.() : '');
const stays = () => unsaved() && !confirm(unsaved());
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="/"]');
  if (!link || link.target || link.hasAttribute('download') || event.defaultPrevented || event.button) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (stays()) return;
  link.closest('details')?.removeAttribute('open');
  go(link.getAttribute('href'));
});
// Going back cannot be kept from happening: who stays gets the entry anew.
addEventListener('popstate', ({ state }) => (stays() ? history.pushState(...shown.entry) : navigate(state?.scroll)));
// A page that the browser kept as it was has heard nothing meanwhile.
addEventListener('pageshow', ({ persisted }) => { if (persisted && shown?.around !== guest) location.reload(); });
addEventListener('online', () => { paint(); announce('Volvió la conexión.'); });
addEventListener('offline', () => { paint(); announce('Se cortó la conexión.'); });
addEventListener('beforeunload', (event) => {
  if (!unsaved()) return;
  event.preventDefault();
  event.returnValue = true; // Chrome before 119
});
onWord((word) => {
  if (word.is) return changed(word.is);
  if (word === 'over') return ended();
  dropAside();
  if (shown?.around === inside) go('/salir', { replace: true });
  else if (shown?.around !== guest) navigate(); // a door stays as it is, with what was typed
});
theme();
onOtherTabTheme(paint);
navigate();
