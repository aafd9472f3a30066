import { ApiError, NetworkError, SessionEnded, ask, lock, now, renamed, user } from '../api.js';
import { announce, html, notice, nothing } from '../core.js';
import { saveAs } from '../download.js';
import * as format from '../format.js';
import { createForm } from '../forms.js';
import * as validate from '../validate.js';

const wrongPassword = (id) => (error) => (error instanceof ApiError && error.code === 'invalid_credentials' ? { [id]: 'La contraseña no es correcta' } : null);

export default function create(page) {
  const { first_name, last_name } = user();
  const saved = { first_name, last_name };
  const state = { named: false, asked: '', acts: 0, links: 0, taken: '' };

  const names = createForm({
    page,
    values: { first_name, last_name },
    doing: 'guardar tus datos',
    check: (v) => ({ first_name: validate.required(v.first_name, 'Ingresá tu nombre'), last_name: validate.required(v.last_name, 'Ingresá tu apellido') }),
    async send(v) {
      state.named = false;
      const sent = { ...v };
      renamed(await ask('PATCH', '/me', { first_name: v.first_name.trim(), last_name: v.last_name.trim() }));
      Object.assign(saved, sent);
      state.named = true;
      announce('Guardamos tus datos.');
    },
  });
  const address = createForm({
    page,
    values: { email: '', password: '' },
    doing: 'pedir el cambio de correo',
    check: (v) => ({ email: validate.email(v.email), password: validate.required(v.password, 'Ingresá tu contraseña') }),
    async send({ email, password }) {
      state.asked = '';
      await ask('POST', '/me/email', { email: email.trim(), password });
      state.asked = email.trim();
      Object.assign(address.values, { email: '', password: '' });
      announce('Revisá tu correo nuevo.');
    },
    words: wrongPassword('password'),
  });
  // The trail of what happened and the links of mails come a page at a time; the rest is in each answer, and the first
  // one's is taken.
  const taking = createForm({
    page,
    values: {},
    doing: 'reunir tus datos',
    async send() {
      Object.assign(state, { acts: 0, links: 0, payments: 0, transfers: 0, taken: '' });
      const first = await ask('GET', '/me/data', undefined, { signal: page.signal });
      const whole = async (list, progress) => {
        const { items } = first[list];
        for (let { next } = first[list]; next;) {
          state[progress] = items.length;
          page.paint();
          const more = await ask('GET', `/me/data?cursor=${encodeURIComponent(next)}`, undefined, { signal: page.signal });
          items.push(...more[list].items);
          next = more[list].next;
        }
        return items;
      };
      const data = {
        ...first,
        mailed_links: await whole('mailed_links', 'links'),
        payments: await whole('payments', 'payments'),
        transfers: await whole('transfers', 'transfers'),
        audit: await whole('audit', 'acts'),
      };
      state.taken = `mis-datos-miinti-${format.today(now())}.json`;
      saveAs(state.taken, [JSON.stringify(data, null, 2)], 'application/json');
      announce(`Descargando ${state.taken}`);
    },
  });
  let unanswered = false; // an answer to it was lost
  const leaving = createForm({
    page,
    values: { farewell: '' },
    doing: 'eliminar la cuenta',
    check: (v) => ({ farewell: validate.required(v.farewell, 'Ingresá tu contraseña para confirmar') }),
    async send({ farewell }) {
      const reason = await ask('DELETE', '/me', { password: farewell }).then(() => 'eliminada', (error) => {
        if (unanswered && error instanceof SessionEnded) return 'sin-respuesta'; // sessions go with their account
        unanswered ||= error instanceof NetworkError;
        throw error;
      });
      lock();
      await page.go(`/ingresar?motivo=${reason}`, { replace: true });
    },
    words: wrongPassword('farewell'),
  });

  return {
    title: 'Mis datos',
    unsaved: () => (address.values.email || Object.keys(saved).some((name) => names.values[name] !== saved[name]) ? 'Hay datos que no guardaste. ¿Querés salir igual?' : ''),
    content: () => html`
      <div class="heading"><div><h1>Mis datos</h1><p class="lead">${user()?.email}</p></div></div>
      <section class="card" aria-labelledby="names-title">
        <div class="card-head"><h2 id="names-title">Nombre y apellido</h2></div>
        <div class="card-body"><form class="form narrow" novalidate @submit=${names.submit}>
          ${state.named ? notice('good', 'Guardamos tus datos') : nothing}
          ${names.summary()}
          ${names.field({ id: 'first_name', label: 'Nombre', autocomplete: 'given-name', capitalize: 'words', maxlength: 80 })}
          ${names.field({ id: 'last_name', label: 'Apellido', autocomplete: 'family-name', capitalize: 'words', maxlength: 80 })}
          ${names.button('Guardar', 'Guardando…')}
        </form></div>
      </section>
      <section class="card" aria-labelledby="address-title">
        <div class="card-head"><h2 id="address-title">Correo electrónico</h2></div>
        <div class="card-body"><form class="form narrow" novalidate @submit=${address.submit}>
          <p>Hoy es <strong>${user()?.email}</strong>. Para cambiarlo te escribimos al correo nuevo; hasta que lo confirmes desde ahí, no cambia nada.</p>
          ${state.asked ? notice('good', 'Revisá tu correo nuevo', html`Si <strong>${state.asked}</strong> puede usarse, ahí está el enlace para confirmarlo. Al correo de siempre le avisamos del pedido.`) : nothing}
          ${address.summary()}
          ${address.field({ id: 'email', label: 'Correo nuevo', type: 'email', mode: 'email', autocomplete: 'email' })}
          ${address.password({ id: 'password', label: 'Tu contraseña', autocomplete: 'current-password' })}
          ${address.button('Pedir el cambio', 'Enviando…')}
        </form></div>
      </section>
      <section class="card" aria-labelledby="data-title">
        <div class="card-head"><h2 id="data-title">Lo que guardamos de vos</h2></div>
        <div class="card-body"><form class="form" novalidate @submit=${taking.submit}>
          <p>Tu cuenta, tus sesiones, tus vínculos y avisos, los pagos que empezaste y las transferencias que informaste, los correos que te mandamos y lo que se hizo en tu cuenta, en un archivo que abre cualquier editor de texto. Los documentos se bajan desde cada empresa.</p>
          ${state.taken ? notice('good', 'Descargaste tus datos', state.taken) : nothing}
          ${taking.summary()}
          ${taking.busy && state.links ? html`<p role="status" class="quiet-text">Enlaces de correos: ${format.integer(state.links)}…</p>` : nothing}
          ${taking.busy && state.acts ? html`<p role="status" class="quiet-text">Registro de actividad: ${format.integer(state.acts)} renglones…</p>` : nothing}
          ${taking.button('Descargar mis datos', 'Reuniendo…', 'secondary')}
        </form></div>
      </section>
      <section class="card" aria-labelledby="leave-title">
        <div class="card-head"><h2 id="leave-title">Eliminar mi cuenta</h2></div>
        <div class="card-body"><form class="form narrow" novalidate @submit=${leaving.submit}>
          <p>Se borran tus datos, tus sesiones y tus vínculos. Los comprobantes son de la empresa y no se borran. No se puede deshacer.</p>
          ${leaving.summary()}
          ${leaving.password({ id: 'farewell', label: 'Tu contraseña, para confirmar', autocomplete: 'current-password' })}
          ${leaving.button('Eliminar mi cuenta', 'Eliminando…', 'danger')}
        </form></div>
      </section>`,
  };
}
