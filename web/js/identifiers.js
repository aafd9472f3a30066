// What is wrong with what was typed to link a company, as validate.js says it of the rest: apart from it, since the door needs
// none of this.
import { digits } from './format.js';

const WEIGHTS = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
const PREFIXES = /^(20|23|24|25|26|27|30|33|34|50|51|55)/;

export function cuit(value) {
  if (!value.trim()) return 'Ingresá el CUIT';
  if (/[^\d\s.\-–—−/]/.test(value)) return 'El CUIT lleva solo números, con o sin guiones';
  const figures = digits(value);
  if (figures.length !== 11) return `El CUIT tiene 11 números y escribiste ${figures.length}`;
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(figures[i]), 0);
  const check = (11 - (sum % 11)) % 11;
  if (!PREFIXES.test(figures)) return 'El CUIT no es válido: revisá los dos primeros números';
  if (check !== Number(figures[10])) return 'El CUIT no es válido: revisá el último dígito';
  return '';
}

// As people may write it: 27.334.
export const bareNumber = (value) => value.replace(/[\s.]/g, '');
export function companyNumber(value, whose = 'cliente o proveedor') {
  const number = bareNumber(value);
  if (!number) return `Ingresá el número de ${whose}`;
  return /^\d{1,10}$/.test(number) ? '' : `El número de ${whose} lleva solo números, hasta 10`;
}

export function code(value) {
  if (!value.trim()) return 'Ingresá el código';
  return /^[A-HJ-NP-Z2-9]{6}$/i.test(value.replace(/\s/g, '')) ? '' : 'El código tiene 6 letras y números, sin I, O, 0 ni 1';
}
