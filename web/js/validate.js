// What is wrong with what was typed: a text for people, or '' where it is fine. Pure functions; the API has the last word.

export const required = (value, text) => (value.trim() ? '' : text);

export function email(value) {
  const address = value.trim();
  if (!address) return 'Ingresá tu correo electrónico';
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/.test(address) || address.length > 254) return 'Escribí el correo completo, por ejemplo: nombre@empresa.com.ar';
  return '';
}
