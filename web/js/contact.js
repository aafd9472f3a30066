// Where people write to when a page cannot help them. The only place besides index.html's <noscript>.
export const EMAIL = 'facturasweb@inti.gob.ar';
export const PAYMENT_SITE = 'https://pagoelectronico.inti.gob.ar/';
export const INSTITUTE_SITE = 'https://www.inti.gob.ar/';
