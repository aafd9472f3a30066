// What is wrong with a password that is being chosen: the door, which chooses none, does without (validate.js).

// 8 to 128 characters, whatever they are: a letter with its accent counts once.
export function chosen(value) {
  const length = [...value.normalize('NFC')].length;
  if (!length) return 'Elegí una contraseña';
  if (length < 8) return 'La contraseña tiene que tener 8 caracteres o más';
  return length > 128 ? 'La contraseña puede tener hasta 128 caracteres' : '';
}

export const repeated = (value, password) => {
  if (!value) return 'Escribí la contraseña otra vez';
  return value === password ? '' : 'Las dos contraseñas no son iguales';
};
