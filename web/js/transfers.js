// A transfer that a client made is told of here: how much, when, from which bank, for which documents, and its proof, which
// goes to the bucket by the form that the API gives. Comes when it is asked for: few pay so.
import { cents } from './ageing.js';
import { ApiError, NetworkError, SessionEnded, ask, now } from './api.js';
import { announce, explained, html, icon, notice, nothing } from './core.js';
import { voucherOf } from './facts.js';
import { createForm } from './forms.js';
import * as format from './format.js';
import { documentPath } from './kinds.js';
import { trouble } from './pieces.js';
import { required } from './validate.js';

const PAGE = 10;
const MOST = 90; // documents of one transfer
const LARGEST = 5_000_000; // bytes of a proof
const TYPES = ['application/pdf', 'image/png', 'image/jpeg'];
const PATIENCE = 115_000; // milliseconds: the form is good for two minutes
const LOOKS = { received: ['care', 'clock'], matched: ['good', 'good'], refused: ['bad', 'error'] };

// By XMLHttpRequest, which tells how far it is.
const put = ({ url, fields }, file, told, signal) => new Promise((done, failed) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  data.append('file', file);
  const request = new XMLHttpRequest();
  const lost = () => failed(new NetworkError('No hay conexión con el servidor.'));
  request.upload.addEventListener('progress', ({ loaded, total }) => told(total ? loaded / total : 0));
  request.addEventListener('load', () => (request.status < 300 ? done() : failed(new ApiError(request.status))));
  for (const end of ['error', 'timeout', 'abort']) request.addEventListener(end, lost);
  signal.addEventListener('abort', () => request.abort(), { once: true });
  request.open('POST', url);
  request.timeout = PATIENCE;
  request.send(data);
});

/* wanted() → the rows of debts that are chosen on the page · done(): what was chosen is no longer · amountOf(text) → as
   the API wants it, '' where it is none */
export function createTransfers({ page, company, wanted, done, amountOf }) {
  const state = { items: [], next: null, more: false, problem: null, told: null, sent: null };
  let file = null;
  let key = null; // as of a payment: the same request again is the same transfer, and gets another form for its proof

  const listed = (cursor = '') => ask('GET', `/companies/${encodeURIComponent(company)}/transfers?limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, undefined, { signal: page.signal });
  async function load() {
    const { items, next } = await listed();
    Object.assign(state, { items, next });
  }
  async function onward() {
    if (state.more) return;
    Object.assign(state, { more: true });
    page.paint();
    try {
      const { items, next } = await listed(state.next);
      Object.assign(state, { items: [...state.items, ...items], next, problem: null });
    } catch (error) {
      if (page.signal.aborted) return;
      state.problem = explained(error, 'traer más transferencias');
      if (error instanceof SessionEnded) page.ended();
    }
    state.more = false;
    page.paint();
  }

  const facts = ({ transferred, date, bank }) => ({ amount: amountOf(transferred), date, bank: bank.trim(), doc_ids: wanted().map(({ id }) => id) });
  const form = createForm({
    page,
    values: { transferred: '', date: format.today(now()), bank: '' },
    doing: 'informar la transferencia',
    check(values) {
      const { transferred, date, bank } = values;
      const rows = wanted();
      const amount = amountOf(transferred);
      const other = key?.told && key.type !== file?.type && key.what === JSON.stringify(facts(values));
      const late = date > format.today(now()) ? 'La fecha no puede ser posterior a hoy' : '';
      return {
        documents: rows.length ? (rows.length > MOST ? `Podés elegir hasta ${MOST} comprobantes` : '') : 'Elegí en el listado de arriba qué pagaste',
        transferred: amount && cents(amount) > 0n ? '' : 'Escribí un importe, por ejemplo 1.234,50',
        date: required(date, 'Elegí la fecha de la transferencia') || late,
        bank: required(bank, 'Escribí desde qué banco transferiste'),
        proof: file && (other ? 'La transferencia ya está informada: elegí un archivo del mismo tipo que el anterior, o ninguno' : !TYPES.includes(file.type) ? 'Elegí un PDF, un PNG o un JPG' : file.size > LARGEST ? 'El archivo no puede pasar de 5 MB' : file.size ? '' : 'El archivo está vacío'),
      };
    },
    async send(values) {
      const request = facts(values);
      const what = JSON.stringify(request);
      if (file) request.proof = { content_type: file.type };
      let told = key?.what === what ? key.told : null; // told of already: what did not come is its proof
      if (!told || file) {
        const of = JSON.stringify(request);
        if (key?.of !== of) key = { of, what, id: crypto.randomUUID(), type: file?.type };
        told = await ask('POST', `/companies/${encodeURIComponent(company)}/transfers`, request, { headers: { 'Idempotency-Key': key.id } });
        key.told = told;
      }
      if (file && told.upload) await sent(told.upload);
      key = null;
      Object.assign(form.values, { transferred: '', bank: '' });
      Object.assign(state, { told, sent: null });
      forget();
      done();
      announce('Informaste la transferencia.');
      await load();
    },
    words(error) {
      state.sent = null;
      if (key?.told) return { _: 'La transferencia ya está informada, pero su archivo no llegó. Probá de nuevo, o sacá el archivo para terminar sin él.' };
      if (!(error instanceof ApiError) || error.status !== 422) return null;
      key = null;
      const words = Object.fromEntries(error.errors.map(({ field, message }) => [{ amount: 'transferred', doc_ids: 'documents' }[field] ?? field, message]));
      return { ...words, ...(words.date ? { date: 'Elegí una fecha de los últimos 180 días' } : {}), ...(words.documents ? { documents: 'Alguno de los comprobantes no es de esta empresa o no se paga: fijate y elegí otra vez' } : {}) };
    },
  });
  function forget() {
    file = null;
    const field = document.getElementById('proof');
    if (field) field.value = '';
  }
  async function sent(upload) {
    state.sent = 0;
    page.paint();
    await put(upload, file, (part) => {
      const whole = Math.floor(part * 100);
      if (whole !== state.sent) { state.sent = whole; page.paint(); }
    }, page.signal);
  }

  const proofField = () => {
    const error = form.errors.proof;
    return html`
      <div class="field ${error ? 'field-bad' : ''}">
        <label for="proof">Comprobante de la transferencia (opcional)</label>
        <p class="hint" id="proof-hint">PDF, PNG o JPG, hasta 5 MB</p>
        ${error ? html`<p class="error" id="proof-error"><span class="sr-only">Error: </span>${error}</p>` : nothing}
        <div class="control"><input id="proof" type="file" accept=${TYPES.join()} aria-invalid=${error ? 'true' : nothing} aria-describedby="proof-hint${error ? ' proof-error' : ''}"
          @change=${(event) => { [file = null] = event.target.files; }}></div>
      </div>`;
  };
  const transfer = (one) => {
    const [look, drawing] = LOOKS[one.state];
    return html`
      <section class="card" aria-labelledby="transfer-${one.id}">
        <div class="card-head"><h3 id="transfer-${one.id}">${format.money(one.amount, one.currency)}<span class="sr-only">, transferencia del ${format.day(one.date)}</span></h3><span class="badge ${look}">${icon(drawing)}${one.state_label}</span></div>
        <div class="card-body">
          <dl class="facts-grid">
            <div><dt>Fecha</dt><dd>${format.day(one.date)}</dd></div>
            <div><dt>Banco</dt><dd>${one.bank}</dd></div>
            ${one.proof ? html`<div><dt>Archivo</dt><dd>${one.proof.state_label}${one.proof.reason ? `. ${one.proof.reason} Informala de nuevo con otro.` : ''}</dd></div>` : nothing}
            ${one.reason ? html`<div><dt>Motivo</dt><dd>${one.reason}</dd></div>` : nothing}
            <div><dt>${one.documents.length === 1 ? 'Comprobante' : 'Comprobantes'}</dt><dd>${one.documents.map((id) => html`<a href=${documentPath(company, id)}>${voucherOf(id)}</a><br>`)}</dd></div>
          </dl>
        </div>
      </section>`;
  };

  return {
    load,
    content: () => {
      const rows = wanted();
      return html`
        <section class="card" aria-labelledby="transfers"><div class="card-body">
          <form class="form narrow" novalidate @submit=${form.submit}>
            ${state.told ? notice('good', 'Informaste la transferencia', 'Cuando el INTI la encuentre en el banco te avisamos por correo. Sigue pendiente hasta que esté el recibo.') : nothing}
            ${form.summary()}
            <p id="documents" tabindex="-1">${rows.length ? html`Por ${format.counted(rows.length, 'comprobante elegido', 'comprobantes elegidos')} en el listado de arriba.` : 'Elegí en el listado de arriba qué pagaste.'}</p>
            ${form.field({ id: 'transferred', label: 'Importe transferido', mode: 'decimal', maxlength: 20 })}
            ${form.field({ id: 'date', label: 'Fecha de la transferencia', type: 'date' })}
            ${form.field({ id: 'bank', label: 'Banco', maxlength: 80, capitalize: 'words' })}
            ${proofField()}
            ${state.sent === null ? nothing : html`<p><label for="proof-progress">Subiendo el archivo: ${state.sent} %</label> <progress id="proof-progress" max="100" value=${state.sent}></progress></p>`}
            ${form.button('Informar', 'Enviando…')}
          </form>
        </div></section>
        ${trouble(state.problem, state.more)}
        ${state.items.map(transfer)}
        ${state.next ? html`<p class="part"><button type="button" class="button secondary small" aria-disabled=${state.more ? 'true' : nothing} @click=${onward}>${state.more ? 'Trayendo…' : 'Ver más'}<span class="sr-only"> transferencias</span></button></p>` : nothing}`;
    },
  };
}
