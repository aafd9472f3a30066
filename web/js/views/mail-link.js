// Pages that a mail's link opens: the token stands after #t=, and nothing happens before the button is pressed, so that
// programs which look into mail spend nothing.
import { ApiError, NetworkError, lock, open, user } from '../api.js';
import { mailto } from '../contact.js';
import { announce, html, notice, nothing } from '../core.js';
import { createForm } from '../forms.js';

const PAGES = {
  '/activar': {
    title: 'Activá tu cuenta', path: '/activate', doing: 'activar la cuenta',
    text: 'Con este paso confirmás que el correo es tuyo.', button: 'Activar mi cuenta', meanwhile: 'Activando…',
    next: '/ingresar?motivo=activada',
    failed: html`Pedí otro desde la pantalla de ingreso: poné tu correo y tu contraseña y te ofrecemos mandarlo. <a href="/ingresar">Ir a Ingresar</a>`,
  },
  '/confirmar-correo': {
    title: 'Confirmá tu correo nuevo', path: '/me/email/confirm', doing: 'confirmar el correo',
    text: 'De ahora en más vas a ingresar con esta dirección, y acá van a llegar los avisos.', button: 'Usar este correo', meanwhile: 'Confirmando…',
    next: '/ingresar?motivo=correo',
    failed: html`Ingresá con tu correo anterior y pedí el cambio otra vez desde <a href="/mis-datos">Mis datos</a>.`,
  },
  '/cancelar-correo': {
    title: 'Frená el cambio de correo', path: '/me/email/cancel', doing: 'frenar el cambio',
    text: 'Tu cuenta sigue con el correo de siempre, y el pedido de cambio queda sin efecto.', button: 'Frenar el cambio', meanwhile: 'Frenando…',
    done: ['Frenamos el cambio', html`Tu cuenta sigue con el correo de siempre. Si no fuiste vos quien lo pidió, alguien conoce tu contraseña: <a href="/recuperar">elegí una nueva</a>.`],
    failed: html`Si el cambio ya se hizo y no fuiste vos, escribinos cuanto antes a ${mailto()}.`,
  },
  '/objetar': {
    title: 'Suspendé el vínculo', path: '/companies/object', doing: 'suspender el vínculo',
    text: 'La persona que nombra el correo deja de ver los documentos de la empresa al instante, hasta que lo revisemos.', button: 'Suspender el vínculo', meanwhile: 'Suspendiendo…',
    done: ['Suspendimos el vínculo', html`Esa persona ya no ve los documentos de la empresa. Si fue un error, escribinos a ${mailto()}.`],
    failed: html`Si igual querés que lo revisemos, escribinos a ${mailto()} desde el correo registrado de la empresa.`,
  },
  '/dejar-avisos': {
    title: 'Dejá de recibir avisos', path: '/unsubscribe', inQuery: true, doing: 'dejar de mandarte avisos',
    text: 'No te mandamos más avisos como ese de las empresas que nombraba. Los correos sobre la seguridad de tu cuenta siguen llegando.', button: 'Dejar de recibirlos', meanwhile: 'Guardando…',
    done: ['No te mandamos más esos avisos', html`Cuando quieras los elegís de nuevo en <a href="/avisos">Avisos por correo</a>.`],
    failed: html`Elegí qué avisos querés recibir en <a href="/avisos">Avisos por correo</a>.`,
  },
};

export default function create(page) {
  const { path, hash, go } = page;
  const about = PAGES[path];
  const token = new URLSearchParams(hash).get('t') ?? '';
  const state = { done: false, lost: false, spent: !/^[A-Za-z0-9_.-]{1,4096}$/.test(token) };

  const form = createForm({
    page,
    values: {},
    doing: about.doing,
    async send() {
      await (about.inQuery ? open('POST', `${about.path}?t=${token}`) : open('POST', about.path, { token }));
      if (path === '/confirmar-correo' && user()) lock();
      if (about.next) return go(about.next, { replace: true });
      history.replaceState(null, '', path);
      state.done = true;
      announce(about.done[0]);
    },
    words(error) {
      state.lost ||= error instanceof NetworkError;
      if (!(error instanceof ApiError) || error.status >= 500 || error.status === 429) return null;
      state.spent = true;
      return {};
    },
  });

  return {
    title: about.title,
    content: () => html`
      <h1>${about.title}</h1>
      ${state.done ? notice('good', ...about.done) : nothing}
      ${state.spent ? notice('error', 'El enlace venció o ya fue usado', html`${state.lost ? 'No nos llegó la respuesta del intento anterior: puede que ya esté hecho. ' : nothing}${about.failed}`) : nothing}
      ${state.done || state.spent ? nothing : html`
        <p>${about.text}</p>
        <form class="form" novalidate @submit=${form.submit}>
          ${form.summary()}
          ${form.button(about.button, about.meanwhile, 'wide')}
        </form>`}`,
  };
}
