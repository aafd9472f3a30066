import { user } from '../api.js';
import { html } from '../core.js';

export default () => ({
  title: 'No encontramos la página',
  content: () => html`
    <h1>No encontramos esa página</h1>
    <p class="lead">Puede que el enlace esté mal escrito o que la hayamos movido.</p>
    <p class="actions-row"><a class="button" href=${user() ? '/' : '/ingresar'}>${user() ? 'Ir al inicio' : 'Ir a Ingresar'}</a><a href="/ayuda">Pedir ayuda</a></p>`,
});
