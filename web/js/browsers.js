// "Chrome en Windows": what a person recognises of a browser's own description.
const BROWSERS = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/SamsungBrowser\//, 'Samsung Internet'], [/Firefox\/|FxiOS\//, 'Firefox'], [/Chrome\/|CriOS\//, 'Chrome'], [/Safari\//, 'Safari']];
const SYSTEMS = [[/iPhone/, 'iPhone'], [/iPad/, 'iPad'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X/, 'Mac'], [/CrOS/, 'ChromeOS'], [/Linux/, 'Linux']];
export function browser(agent) {
  const found = (table) => table.find(([pattern]) => pattern.test(agent ?? ''))?.[1];
  const name = found(BROWSERS);
  const system = found(SYSTEMS);
  if (name && system) return `${name} en ${system}`;
  return name ?? system ?? 'Un programa que no reconocemos';
}
