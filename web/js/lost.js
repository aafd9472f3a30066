// What is not there for the person who asks.
import { ApiError } from './api.js';
import { crumbs, html } from './core.js';

// Not theirs, or of a kind that the company has not (of the rest of the query, the API says what is wrong).
export const lost = (error) => error instanceof ApiError
  && (error.status === 404 || (error.status === 422 && error.errors.some(({ field }) => field === 'kind')));

export const gone = (section) => html`
  ${crumbs([[section.path, section.title]], 'No encontrada')}
  <h1>No encontramos lo que buscás</h1>
  <p class="lead">Puede que ya no tengas vinculada la empresa, o que el enlace esté mal escrito.</p>
  <p><a class="button" href=${section.path}>Ver mis empresas</a></p>`;
