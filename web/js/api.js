// The only place that calls fetch. The access token lives in this module alone; the cookie that renews it cannot be read
// by scripts. What stands in localStorage is a hint of when the session ends: it opens nothing.
const HINT = 'miinti-session';
const TIMEOUT = 25_000;
const EARLY = 15_000; // a token about to end is renewed before it is used
const DAY = 86_400_000;
const IDLE = DAY / 3;

// By the server's clock: this machine's may be hours off, or be set while the page is there.
let ahead = 0; // milliseconds
export const now = () => Date.now() + ahead;

let session = null; // { token, until, user }
let left = 0; // how often somebody came or went: what was under way then is nobody's
let locked = false; // somebody went, and nobody has come in since: no cookie opens anything
// Tabs tell one another 'out' (somebody left), 'over' (the session ended) and { is: the id of who is inside now, hint }.
let channel = null;
try { channel = new BroadcastChannel('miinti'); } catch { /* there is none, or cookies are not allowed */ }
const tell = (word) => channel?.postMessage(word);
let heard = null;

export class ApiError extends Error {
  constructor(status, problem, retryAfter) {
    super(problem?.detail ?? 'El servicio no pudo completar el pedido.');
    this.status = status;
    this.code = problem?.code ?? '';
    this.errors = problem?.errors ?? [];
    this.id = problem?.id ?? '';
    this.requestId = problem?.request_id ?? '';
    this.retryAfter = retryAfter;
  }
}
// As of when the institute's data stand, as the last list told: { at, stale }.
let fresh = null;
export const freshness = () => fresh;
export class NetworkError extends Error {
  constructor(text, title = 'No hay conexión') {
    super(text);
    this.title = title;
  }
}
const silence = () => new NetworkError('El servidor tarda en responder.', 'El servidor no responde');
export class SessionEnded extends Error {}

export const user = () => session?.user ?? null;
export const renamed = (changed) => { if (session) session.user = changed; };
// act(word): of another tab, or { is } of this one's own renewal.
export function onWord(act) {
  heard = act;
  channel?.addEventListener('message', ({ data }) => {
    // A word may come before what was stored, or taken away: this tab's sight of it is made to fit.
    locked = data === 'out' || (locked && !data.is);
    if (!data.is) forget();
    else if (session?.user.id !== data.is) leave();
    if (data.hint && !hint()) keepHint(data.hint);
    act(data);
  });
}

/* --- the hint: { since, renewed, remember, payer: when their key ends } --- */

export function hint() {
  try { return JSON.parse(localStorage.getItem(HINT)); } catch { return null; }
}
function keepHint(changes) {
  try { localStorage.setItem(HINT, JSON.stringify({ ...hint(), ...changes })); } catch { /* storage is not allowed */ }
}
// When the session ends if nothing renews it, in milliseconds; renewing helps only where `extends`. The days it may last,
// none of one that ends with its key.
export function ending() {
  const known = hint();
  if (!known?.since || !session) return null;
  const days = known.payer ? 0 : known.remember ? 30 : 7;
  const last = known.payer || known.since + days * DAY;
  const idle = known.remember ? Infinity : known.renewed + IDLE;
  return { at: Math.min(last, idle), extends: idle < last, days };
}

function leave() {
  session = null;
  left += 1;
}
function forget() {
  leave();
  try { localStorage.removeItem(HINT); } catch { /* storage is not allowed */ }
}
// The session has ended: for all tabs, since they have the same one.
export function over() {
  forget();
  tell('over');
}
// A payer is no user: the client stands for it.
function signedIn({ access_token, expires_in, user: person, company }) {
  session = { token: access_token, until: now() + expires_in * 1000, user: person ?? { id: company.id, company } };
}

/* --- requests --- */

// Ends a request when who asked does, by signal, or when nothing comes for too long: alive() tells that something has.
function patience(signal) {
  const end = new AbortController();
  const abort = () => end.abort();
  let timer;
  const alive = () => { clearTimeout(timer); timer = setTimeout(abort, TIMEOUT); };
  const over = () => { clearTimeout(timer); signal?.removeEventListener('abort', abort); };
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  alive();
  return { signal: end.signal, alive, over };
}

// The body, however long it takes while bytes come.
async function received({ body }, alive) {
  alive();
  const parts = [];
  const reader = body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
    parts.push(part.value);
    alive();
  }
  return new Blob(parts);
}

async function send(method, path, { body, signal, token, headers } = {}) {
  const end = patience(signal);
  try {
    const response = await fetch(`/v1${path}`, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: end.signal,
    });
    const told = Date.parse(response.headers.get('Date'));
    if (told) ahead = told + 1000 - Date.now(); // it was cut to whole seconds
    const at = response.headers.get('Last-Modified');
    if (at) fresh = { at, stale: response.headers.has('X-Data-Stale') };
    const text = await (await received(response, end.alive)).text();
    let data = null;
    try { data = text ? JSON.parse(text) : null; } catch { /* not ours: the status tells enough */ }
    return { status: response.status, ok: response.ok, data, retryAfter: Number(response.headers.get('Retry-After')) || 0 };
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw end.signal.aborted ? silence() : new NetworkError('No hay conexión con el servidor.');
  } finally {
    end.over();
  }
}
function answered({ ok, status, data, retryAfter }) {
  if (!ok) throw new ApiError(status, data, retryAfter);
  return data;
}

// Each cookie renews once: one renewal at a time, in this tab and, by a lock, in all of them. Answers whether there is a
// session still.
let renewing = null;
export function renew() {
  renewing ??= renewed().finally(() => { renewing = null; });
  return renewing;
}
// What changes the cookie is done by one tab at a time: else an answer that comes late undoes what came after it. Nobody
// waits longer than an answer may take.
const alone = async (act) => {
  if (!navigator.locks) return act();
  let begun = false;
  return navigator.locks.request('miinti-session', { signal: AbortSignal.timeout(TIMEOUT) }, () => { begun = true; return act(); })
    .catch((error) => { if (begun) throw error; return act(); }); // locks are not allowed, or a tab keeps this one
};
function renewed() {
  return alone(async () => {
    if (locked && !hint()) return false;
    const before = left;
    const { status, ok, data, retryAfter } = await send('POST', '/session/refresh');
    if (left !== before) return false;
    if (ok) {
      const was = user();
      signedIn(data);
      keepHint({ renewed: now() });
      if (was && was.id !== user().id) { // the cookie is of who logged in elsewhere: nothing is asked for in their name
        left += 1;
        heard({ is: user().id });
        throw new SessionEnded();
      }
    } else if (status === 401) over();
    else throw new ApiError(status, data, retryAfter);
    return ok;
  });
}

// A request of whoever it may be.
export async function open(method, path, body, options = {}) {
  return answered(await send(method, path, { ...options, body }));
}

// A request of who is inside. Raises SessionEnded where they are not any more, also where somebody else came in meanwhile:
// nothing is asked for again in another's name, and no answer is for another's eyes.
export async function ask(method, path, body, { signal, headers } = {}) {
  const renewedNow = async () => { if (!(await renew())) throw new SessionEnded(); };
  const mine = left;
  if (!session || now() > session.until - EARLY) await renewedNow();
  const sent = async () => {
    if (left !== mine) throw new SessionEnded();
    const answer = await send(method, path, { body, signal, headers, token: session?.token });
    if (left !== mine) throw new SessionEnded();
    return answer;
  };
  let answer = await sent();
  if (answer.status === 401 && answer.data?.code === 'invalid_token') {
    await renewedNow();
    answer = await sent();
    if (answer.status === 401 && answer.data?.code === 'invalid_token') {
      over();
      throw new SessionEnded();
    }
  }
  return answered(answer);
}

// A file at an address that the API gave. No cookie and no token go there.
export async function file(url, { signal } = {}) {
  const end = patience(signal);
  let response;
  let bytes;
  try {
    response = await fetch(url, { credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer', signal: end.signal });
    bytes = new Uint8Array(await (await received(response, end.alive)).arrayBuffer());
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw end.signal.aborted ? silence() : new NetworkError('Se cortó la descarga.');
  } finally {
    end.over();
  }
  if (!response.ok) throw new ApiError(response.status, null, 0);
  return bytes;
}

export const login = (email, password, remember) => come(() => open('POST', '/login', { email, password, remember }), remember);
export async function come(request, remember) {
  leave(); // a renewal that is under way opens nothing any more
  const answer = await alone(request);
  locked = false;
  signedIn(answer);
  const since = now();
  keepHint({ since, renewed: since, remember, payer: Date.parse(answer.company?.ends_at) });
  tell({ is: session.user.id, hint: hint() });
}

// This browser is locked at once, in every tab, whatever the network says.
export function lock() {
  locked = true;
  forget();
  tell('out');
}
// The session is over where the server says so, by a 204 and nothing else.
export async function logout() {
  const mine = left;
  const { status, data, retryAfter } = await alone(() => (left === mine ? send('POST', '/session/logout') : { status: 204 })); // else the session is another
  if (status !== 204) throw new ApiError(status, data, retryAfter);
}
