// What is wrong with what was typed: a text for people, or '' where it is fine. Pure functions; the API has the last word.

export const required = (value, text) => (value.trim() ? '' : text);

export function email(value) {
  const address = value.trim();
  if (!address) return 'Ingresá tu correo electrónico';
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/.test(address) || address.length > 254) return 'Escribí el correo completo, por ejemplo: nombre@empresa.com.ar';
  return '';
}

// 8 to 128 characters, whatever they are: a letter with its accent counts once.
export function newPassword(value) {
  const length = [...value.normalize('NFC')].length;
  if (!length) return 'Elegí una contraseña';
  if (length < 8) return 'La contraseña tiene que tener 8 caracteres o más';
  return length > 128 ? 'La contraseña puede tener hasta 128 caracteres' : '';
}

export const repeated = (value, password) => {
  if (!value) return 'Escribí la contraseña otra vez';
  return value === password ? '' : 'Las dos contraseñas no son iguales';
};
