// A form's state, and its fields with labels, hints and mistakes (the patterns of GOV.UK): nothing is checked before it is
// sent, what was typed is never lost, and it is sent once at a time.
import { ApiError, SessionEnded } from './api.js';
import { explained, failure, html, icon, nothing } from './core.js';

/* check(values) → { field: what is wrong or '' } · send(values): throws what went wrong · words(error) → the same as
   check for what only this form knows, or null · doing completes "No pudimos …" */
export function createForm({ page, values, check = () => ({}), send, words = () => null, doing }) {
  const form = { values, errors: {}, problem: null, busy: false };
  const shown = new Set(); // passwords that are to be read
  const secrets = new Set(); // ids of passwords: the end of a session forgets them
  page.onEnd(() => {
    secrets.forEach((id) => { form.values[id] = ''; });
    shown.clear();
  });

  async function submit(event) {
    event?.preventDefault();
    if (form.busy) return;
    const root = event?.currentTarget;
    // What is seen is sent: a field may show what was typed before the page was begun anew.
    for (const { type, name, value, checked } of root?.elements ?? []) if (type !== 'radio' && name in form.values) form.values[name] = type === 'checkbox' ? checked : value;
    const wrong = check(form.values);
    let failed = null;
    if (!Object.values(wrong).some(Boolean)) {
      form.busy = true; // what went wrong before stays till the answer: nothing moves under a second click
      page.paint();
      try {
        await send(form.values);
      } catch (error) {
        if (page.signal.aborted) return; // nobody waits for it any more
        if (error instanceof SessionEnded) {
          Object.assign(form, { busy: false, problem: explained(error, doing), errors: {} }); // read by who has logged in again
          page.ended();
          return page.paint();
        }
        failed = error;
      } finally {
        form.busy = false;
      }
    }
    Object.assign(form, { problem: null, errors: wrong });
    if (failed) take(failed);
    page.paint();
    root?.querySelector('.summary')?.focus();
  }

  function take(error) {
    const own = words(error);
    const fields = error instanceof ApiError && error.status === 422 ? error.errors : [];
    if (own) form.errors = own;
    else if (fields.length) {
      form.errors = Object.fromEntries(fields.map(({ field, message }) => [field in form.values ? field : '_', message]));
    } else form.problem = explained(error, doing);
  }

  const field = ({ id, label, hint, type = 'text', mode, autocomplete = 'off', className = '', maxlength, capitalize = 'off', typed, extra = nothing }) => {
    const error = form.errors[id];
    const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
    return html`
      <div class="field ${error ? 'field-bad' : ''} ${className}">
        <label for=${id}>${label}</label>
        ${hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : nothing}
        ${error ? html`<p class="error" id="${id}-error"><span class="sr-only">Error: </span>${error}</p>` : nothing}
        <div class="control">
          <input id=${id} name=${id} type=${type} .value=${form.values[id]} inputmode=${mode ?? nothing} autocomplete=${autocomplete}
            maxlength=${maxlength ?? nothing} spellcheck="false" autocapitalize=${capitalize}
            aria-invalid=${error ? 'true' : nothing} aria-describedby=${described || nothing}
            @input=${(event) => { form.values[id] = event.target.value; typed?.(event.target); }}>
          ${extra}
        </div>
      </div>`;
  };

  const password = (options) => {
    const { id } = options;
    secrets.add(id);
    const visible = shown.has(id);
    const toggle = () => { shown[visible ? 'delete' : 'add'](id); page.paint(); };
    return field({
      ...options,
      type: visible ? 'text' : 'password',
      className: 'with-button',
      extra: html`<button type="button" class="field-button" @click=${toggle}>${visible ? 'Ocultar' : 'Mostrar'}<span class="sr-only"> la contraseña</span></button>`,
    });
  };

  const checkBox = ({ id, label }) => html`
    <label class="check"><input type="checkbox" id=${id} name=${id} .checked=${form.values[id]} @change=${(event) => { form.values[id] = event.target.checked; }}>${label}</label>`;

  const button = (text, meanwhile, classes = '') => html`
    <button class="button ${classes}" aria-disabled=${form.busy ? 'true' : nothing}>${form.busy ? meanwhile : text}</button>`;

  // What is wrong, on top of the form: takes the focus, leads to each field.
  function summary() {
    if (form.problem) return html`<div tabindex="-1" class="summary">${failure(form.problem)}</div>`;
    const wrong = Object.entries(form.errors).filter(([, text]) => text);
    if (!wrong.length) return nothing;
    return html`
      <div class="notice notice-error summary" role="alert" tabindex="-1">
        ${icon('error')}
        <div>
          <h2 class="notice-title">${wrong.length === 1 ? 'Hay un dato para corregir' : `Hay ${wrong.length} datos para corregir`}</h2>
          <ul>${wrong.map(([id, text]) => html`<li>${id === '_' ? text : html`<a href=${`#${id}`} @click=${goTo}>${text}</a>`}</li>`)}</ul>
        </div>
      </div>`;
  }
  function goTo(event) {
    event.preventDefault();
    const root = event.currentTarget.closest('dialog, main') ?? document;
    root.querySelector(event.currentTarget.getAttribute('href'))?.focus();
  }

  return Object.assign(form, { submit, field, password, checkBox, button, summary });
}
