// Files as one ZIP (APPNOTE 6.3: stored, names in UTF-8): PDFs are packed already. Pure functions.
const encoder = new TextEncoder();
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

export function crc32(bytes) {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1) c = TABLE[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

// Numbers of [size, value] one after another, little-endian.
function packed(...fields) {
  const bytes = new Uint8Array(fields.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}
const UTF8 = 0x800;

// What the ZIP is made of, in order, for a Blob; files: [{ name, bytes }]; below 4 GB and 65,535 files, as ZIP goes
// without its larger form.
export function zip(files, now = new Date()) {
  const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
  const day = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
  const body = [];
  const index = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const told = encoder.encode(name);
    const facts = [[2, 20], [2, UTF8], [2, 0], [2, time], [2, day], [4, crc32(bytes)], [4, bytes.length], [4, bytes.length], [2, told.length], [2, 0]];
    const head = packed([4, 0x04034b50], ...facts);
    body.push(head, told, bytes);
    index.push(packed([4, 0x02014b50], [2, 20], ...facts, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), told);
    offset += head.length + told.length + bytes.length;
  }
  const size = index.reduce((sum, { length }) => sum + length, 0);
  return [...body, ...index, packed([4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, offset], [2, 0])];
}
