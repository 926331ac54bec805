// A trigger that fires by itself.
import { html, useState } from '../parts/html.js';
import { api, path, useGet } from '../parts/api.js';
import { moment } from '../parts/format.js';
import { jsonFault } from '../parts/code.js';
import { Action, Field, Modal, Trouble, say } from '../parts/ui.js';

const examples = [['0 6 * * *', 'daily at 6:00'], ['0 6 * * 1-5', 'workdays at 6:00'], ['*/15 * * * *', 'every 15 minutes'], ['0 0 1 * *', 'first of the month']];

function Edit({ trigger, schedule, onDone, onClose }) {
  const [form, setForm] = useState({
    cron: schedule?.cron ?? '0 6 * * 1-5',
    time_zone: schedule?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC',
    overlap: schedule?.overlap ?? 'skip', missed: schedule?.missed ?? 'catch_up', is_enabled: schedule?.is_enabled ?? true,
    data: schedule?.override_data ? JSON.stringify(schedule.override_data, null, 2) : '',
  });
  const [error, setError] = useState(null);
  const set = (changes) => { setForm({ ...form, ...changes }); setError(null); };
  const fault = form.data.trim() ? jsonFault(form.data) : null;
  const save = async () => {
    const { data, ...rest } = form;
    await api('PUT', path`/triggers/${trigger.id}/schedule`, { body: { ...rest, override_data: data.trim() ? JSON.parse(data) : null } });
    say('The schedule is set');
    onDone();
  };
  const faults = (name) => (error?.faults ?? []).filter((f) => f.pointer.startsWith(`/${name}`)).map((f) => f.message);
  const select = (name, label, options) => html`<${Field} label=${label} faults=${faults(name)}>${(c) => html`<select ...${c} value=${form[name]} onChange=${(e) => set({ [name]: e.target.value })}>
    ${options.map(([value, text]) => html`<option value=${value}>${text}</option>`)}</select>`}<//>`;
  return html`<${Modal} title="Schedule" onClose=${onClose}><form class="stack" onSubmit=${(e) => e.preventDefault()}>
    ${error && !error.faults.some((f) => f.pointer) && html`<${Trouble} error=${error} />`}
    <div class="fields">
      <${Field} label="When" hint="Minute, hour, day of the month, month, day of the week" faults=${faults('cron')}>${(c) => html`<input ...${c} class="mono" value=${form.cron} onInput=${(e) => set({ cron: e.target.value })} />`}<//>
      <${Field} label="Time zone" hint="Such as Europe/Berlin" faults=${faults('time_zone')}>${(c) => html`<input ...${c} value=${form.time_zone} onInput=${(e) => set({ time_zone: e.target.value })} />`}<//>
      <div class="wide chips">${examples.map(([cron, text]) => html`<button type="button" class="chip" onClick=${() => set({ cron })}>${text}</button>`)}</div>
      ${select('overlap', 'When the run before has not ended', [['skip', 'Skip this one'], ['queue', 'Queue it as well']])}
      ${select('missed', 'After the server was down', [['catch_up', 'Run once for what was missed'], ['skip', 'Do not catch up']])}
      <${Field} wide=${true} label="Override data" hint="JSON, for each run; empty for none" faults=${fault ? [fault.message] : faults('override_data')}>${(c) => html`
        <textarea ...${c} class="mono" rows="3" spellcheck=${false} value=${form.data} onInput=${(e) => set({ data: e.target.value })}></textarea>`}<//>
      <label class="check wide"><input type="checkbox" checked=${form.is_enabled} onChange=${(e) => set({ is_enabled: e.target.checked })} /> Active</label></div>
    <div class="row end"><button type="button" onClick=${onClose}>Cancel</button><${Action} type="submit" class="primary" disabled=${Boolean(fault)} run=${save} failed=${setError}>Save<//></div>
  </form><//>`;
}

export function Schedule({ trigger }) {
  const { data, error, reload } = useGet(path`/triggers/${trigger.id}/schedule`, { every: 15000 });
  const [editing, setEditing] = useState(false);
  const none = error?.status === 404;
  const remove = async () => {
    await api('DELETE', path`/triggers/${trigger.id}/schedule`);
    say('The schedule is removed');
    reload();
  };
  const schedule = none ? null : data;
  return html`<section class="card stack tight"><h2>Schedule</h2>
    ${!none && html`<${Trouble} error=${error} retry=${reload} />`}
    ${none && html`<p class="small muted">It fires when something fires it. It can also fire by itself.</p>`}
    ${schedule && html`<p><code>${schedule.cron}</code> <span class="muted small">${schedule.time_zone}</span>
        ${!schedule.is_enabled && html` <span class="badge warn">off</span>`}</p>
      ${!schedule.is_enabled && schedule.failures > 0 && html`<p class="small">Switched off after ${schedule.failures} failures in a row.</p>`}
      ${schedule.upcoming.length > 0 && html`<div class="small"><span class="muted">Next</span><ul style=${{ listStyle: 'none' }}>${schedule.upcoming.map((due) => html`<li><time datetime=${due}>${moment(due)}</time></li>`)}</ul></div>`}`}
    ${(none || schedule) && html`<div class="row"><button class="small" onClick=${() => setEditing(true)}>${none ? 'Set a schedule' : 'Change'}</button>
      ${schedule && html`<${Action} class="small danger" run=${remove}>Remove<//>`}</div>`}
    ${editing && html`<${Edit} trigger=${trigger} schedule=${schedule} onClose=${() => setEditing(false)} onDone=${() => { setEditing(false); reload(); }} />`}
  </section>`;
}
