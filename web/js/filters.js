// What narrows a list: choices, and the period.
import { now } from './api.js';
import { html, nothing } from './core.js';
import { today } from './format.js';
import { periods } from './listing.js';

// A browser tells of 0002, 0020 and 0202 on the way to 2024.
const beingTyped = (day) => day && Number(day.split('-')[0]) < 1900;

export const choice = ({ id, label, value, all, options, change }) => html`
  <div class="labelled"><label for=${id}>${label}</label>
    <select id=${id} @change=${(event) => change(event.target.value)}><option value="" .selected=${!value}>${all}</option>${options}</select></div>`;

// list has from and to; state.other tells that two days are to be typed; set takes what changes.
export function periodChoice({ list, state, set, paint }) {
  const known = periods(today(now()));
  const chosen = known.find(([, , from, to]) => from === list.from && to === list.to);
  const other = state.other || !chosen;
  const change = (value) => {
    state.other = value === 'other';
    if (state.other) return paint();
    const [, , from, to] = known.find(([id]) => id === value);
    return set({ from, to });
  };
  const date = (name, label) => html`
    <label for=${name}>${label}</label><input id=${name} type="date" .value=${list[name]} @change=${({ target: { value } }) => beingTyped(value) || set({ [name]: value })} @blur=${({ target }) => { if (beingTyped(target.value)) target.value = list[name]; }}>`;
  return html`
    <div class="labelled"><label for="period">Período</label>
      <select id="period" @change=${(event) => change(event.target.value)}>
        ${known.map(([id, text]) => html`<option value=${id} .selected=${!other && chosen[0] === id}>${text}</option>`)}
        <option value="other" .selected=${other}>Otro período…</option>
      </select></div>
    ${other ? html`<div class="dates">${date('from', 'Desde')}${date('to', 'Hasta')}</div>` : nothing}`;
}
