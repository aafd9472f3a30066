// The PDFs of a ZIP: fetched from the bucket a few at a time, then put together.
import { ApiError, ask, file } from './api.js';
import { documentOf } from './download.js';

export { zip } from './zip.js';

const AT_ONCE = 3;
const TRIES = 4;
const LONGEST_WAIT = 60; // seconds
const pause = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });

// Fetches what is not in files yet ({ name, bytes } by the document's id); missing are rows whose PDF is not there. act is
// called after each. Throws what ended it; what is here by then stays.
export async function collect({ rows, files, missing }, company, signal, act) {
  const left = rows.filter(({ id, has_file }) => has_file && !files.has(id));
  const end = new AbortController(); // the first that fails ends the others
  signal.addEventListener('abort', () => end.abort());
  if (signal.aborted) end.abort();
  const worker = async () => {
    for (let row = left.shift(); row && !end.signal.aborted; row = left.shift()) {
      await take(row);
      act();
    }
  };
  async function take(row) {
    for (let tries = TRIES; ; tries -= 1) {
      try {
        const { url, filename } = await ask('GET', `${documentOf(company, row.id)}/download`, undefined, { signal: end.signal });
        return files.set(row.id, { name: filename, bytes: await file(url, { signal: end.signal }) });
      } catch (error) {
        const soon = error instanceof ApiError && [429, 503].includes(error.status) && error.retryAfter <= LONGEST_WAIT;
        if (error instanceof ApiError && error.status === 404) return missing.push(row);
        if (!soon || tries <= 1) throw error;
        await pause(error.retryAfter || 1);
        if (end.signal.aborted) throw error;
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, () => worker().catch((error) => { end.abort(); throw error; })));
}
