// Files that the browser saves: the API gives an address that works for two minutes. The page fetches it itself: going
// there would leave the page where the bucket answers with a mistake.
import { SessionEnded, ask, file } from './api.js';
import { announce, explained } from './core.js';

// Answers what went wrong, in words, or null.
async function save(page, path, what) {
  try {
    const { url, filename, content_type } = await ask('GET', path, undefined, { signal: page.signal });
    saveAs(filename, [await file(url, { signal: page.signal })], content_type);
    announce(`Descargando ${filename}`);
    return null;
  } catch (error) {
    if (page.signal.aborted) return null;
    if (error instanceof SessionEnded) page.ended(); // the words are for who has logged in again
    return explained(error, what);
  }
}
export const download = (page, company, { id, name }) => save(page, `${documentOf(company, id)}/download`, `descargar ${name}`);
export const list = (page, company, query) => save(page, `/companies/${encodeURIComponent(company)}/export?${query}`, 'preparar el listado');

export const documentOf = (company, id) => `/companies/${encodeURIComponent(company)}/docs/${encodeURIComponent(id)}`;

export function saveAs(name, parts, type) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
