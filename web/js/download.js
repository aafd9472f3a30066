// One PDF: the API gives an address that works for two minutes, and the browser saves what is there.
import { SessionEnded, ask } from './api.js';
import { announce, explained } from './core.js';

// Answers what went wrong, in words, or null.
export async function download(page, company, id) {
  try {
    const { url, filename } = await ask('GET', `/companies/${company}/docs/${encodeURIComponent(id)}/download`);
    location.assign(url); // it comes as an attachment: the page stays
    announce(`Descargando ${filename}`);
    return null;
  } catch (error) {
    if (error instanceof SessionEnded) { page.ended(); return null; }
    return explained(error, 'descargar el documento');
  }
}
