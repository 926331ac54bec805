// Jobs: one model over many inputs.
import { html, useState } from '../parts/html.js';
import { post, useGet } from '../parts/api.js';
import { go, link } from '../parts/route.js';
import { Action, Ago, Empty, Field, Loading, Modal, Screen, Status, Table, Trouble } from '../parts/ui.js';

function New({ onClose }) {
  const [form, setForm] = useState({ name: '', modelId: '', maxConcurrentTasks: '2', maxRetries: '1', taskTimeout: '10m', webhook_url: '' });
  const [error, setError] = useState(null);
  const models = useGet('/models', { query: { is_active: true, page_size: 100 } });
  const set = (changes) => { setForm({ ...form, ...changes }); setError(null); };
  const create = async () => {
    const made = await post('/jobs', {
      metadata: { name: form.name.trim() },
      spec: {
        modelId: form.modelId,
        runtime: { maxConcurrentTasks: Number(form.maxConcurrentTasks), maxRetries: Number(form.maxRetries),
          ...(form.taskTimeout.trim() ? { taskTimeout: form.taskTimeout.trim() } : {}) },
        ...(form.webhook_url ? { webhook_url: form.webhook_url } : {}),
      },
    });
    go(['jobs', made.metadata.name]);
  };
  const faults = (place) => (error?.faults ?? []).filter((f) => f.pointer.startsWith(place)).map((f) => f.message);
  const placed = ['/metadata/name', '/spec/modelId', '/spec/runtime', '/spec/webhook_url'];
  const text = (name, place, label, hint, more = {}) => html`<${Field} label=${label} hint=${hint} faults=${faults(place)}>${(c) => html`
    <input ...${c} ...${more} value=${form[name]} onInput=${(e) => set({ [name]: e.target.value })} />`}<//>`;
  return html`<${Modal} title="New job" onClose=${onClose}><form class="stack" onSubmit=${(e) => e.preventDefault()}>
    ${error && !error.faults.some((f) => placed.some((p) => f.pointer.startsWith(p))) && html`<${Trouble} error=${error} />`}
    ${models.data?.items.length === 0 && html`<div class="note info">A job runs a model of yours. <a href="#/models">Open one in the catalog and solve it once</a>; that activates it.</div>`}
    <div class="fields">
      ${text('name', '/metadata/name', 'Name', 'Lower-case letters, digits and hyphens', { autofocus: true, maxlength: 49, placeholder: 'nightly-restock' })}
      <${Field} label="Model" faults=${faults('/spec/modelId')}>${(c) => html`<select ...${c} value=${form.modelId} onChange=${(e) => set({ modelId: e.target.value })}>
        <option value=""></option>${(models.data?.items ?? []).map((m) => html`<option value=${m.id}>${m.display_name}</option>`)}</select>`}<//>
      ${text('maxConcurrentTasks', '/spec/runtime/maxConcurrentTasks', 'Tasks at once', '1 to 64', { inputmode: 'numeric' })}
      ${text('maxRetries', '/spec/runtime/maxRetries', 'Retries of a failed task', '0 to 10', { inputmode: 'numeric' })}
      ${text('taskTimeout', '/spec/runtime/taskTimeout', 'Time limit of a task', 'Such as 45s, 10m or 1h30m')}
      ${text('webhook_url', '/spec/webhook_url', 'Webhook address', 'Optional. Told when a batch has ended.', { inputmode: 'url', placeholder: 'https://' })}
    </div>
    <div class="row end"><button type="button" onClick=${onClose}>Cancel</button>
      <${Action} type="submit" class="primary" disabled=${!form.name.trim() || !form.modelId} run=${create} failed=${setError}>Create<//></div>
  </form><//>`;
}

export default function Jobs() {
  const [creating, setCreating] = useState(false);
  const { data, error, reload } = useGet('/jobs', { query: { limit: 100 } });
  const open = html`<button class="primary" onClick=${() => setCreating(true)}>New job</button>`;
  return html`<${Screen} title="Jobs" actions=${open} lead="One model over many inputs: scenarios, stores, days. Started together, solved side by side.">
    <${Trouble} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} />`}
    ${data && data.length === 0 && html`<${Empty} title="No jobs yet" action=${open}>Make one for a model, then start it with a list of inputs.<//>`}
    ${data && data.length > 0 && html`<div class="card flush"><${Table} caption="Jobs" rows=${data} rowKey=${(j) => j.metadata.name} columns=${[
      { key: 'name', label: 'Name', value: (j) => j.metadata.name, cell: (j) => html`<a href=${link(['jobs', j.metadata.name])}>${j.metadata.displayName || j.metadata.name}</a>` },
      { key: 'status', label: 'State', value: (j) => j.status, cell: (j) => html`<${Status} value=${j.status} />` },
      { key: 'parallel', label: 'At once', number: true, value: (j) => j.spec.runtime?.maxConcurrentTasks },
      { key: 'retries', label: 'Retries', number: true, value: (j) => j.spec.runtime?.maxRetries },
      { key: 'created', label: 'Created', value: (j) => j.metadata.createdAt, cell: (j) => html`<${Ago} time=${j.metadata.createdAt} />` },
    ]} /></div>`}
    ${creating && html`<${New} onClose=${() => setCreating(false)} />`}
  <//>`;
}
