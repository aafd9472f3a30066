// Files that the browser saves: the API gives an address that works for two minutes.
import { SessionEnded, ask } from './api.js';
import { announce, explained } from './core.js';

// Answers what went wrong, in words, or null.
async function save(page, path, what) {
  try {
    const { url, filename } = await ask('GET', path, undefined, { signal: page.signal });
    location.assign(url); // it comes as an attachment: the page stays
    announce(`Descargando ${filename}`);
    return null;
  } catch (error) {
    if (page.signal.aborted) return null;
    if (error instanceof SessionEnded) { page.ended(); return null; }
    return explained(error, what);
  }
}
export const download = (page, company, id) => save(page, `${documentOf(company, id)}/download`, 'descargar el documento');
export const list = (page, company, query) => save(page, `/companies/${encodeURIComponent(company)}/export?${query}`, 'preparar el listado');

export const documentOf = (company, id) => `/companies/${encodeURIComponent(company)}/docs/${encodeURIComponent(id)}`;

export function saveAs(name, parts, type) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
