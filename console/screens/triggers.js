// Versions of documents that programs can fire.
import { html, useEffect, useState } from '../parts/html.js';
import { apiUrl, get, path, post, useGet } from '../parts/api.js';
import { go, link, setQuery } from '../parts/route.js';
import { curlOf, keepSecret } from '../parts/secrets.js';
import { Action, Ago, Copy, Empty, Field, Icon, Loading, Modal, Screen, Secret, Table, Trouble } from '../parts/ui.js';

const types = ['string', 'number', 'integer', 'boolean', 'array', 'object'];

// The fields that a fire may set; null lets it set anything.
export function SchemaEditor({ value, onChange, faults = [] }) {
  const rows = value ?? [];
  const set = (i, changes) => onChange(rows.map((row, k) => (k === i ? { ...row, ...changes } : row)));
  const wrong = (i, name) => faults.filter((f) => f.pointer === `/override_schema/${i}/${name}` || name === 'name' && f.pointer === `/override_schema/${i}`).map((f) => f.message);
  return html`<div class="field wide" role="group" aria-label="What a fire may change">
    <div class="label">What a fire may change</div>
    <div class="row">
      <label class="check"><input type="radio" name="schema" checked=${value === null} onChange=${() => onChange(null)} /> Anything</label>
      <label class="check"><input type="radio" name="schema" checked=${value !== null} onChange=${() => onChange(rows)} /> Only these fields, checked when it fires</label></div>
    ${value !== null && html`<div class="grid-edit"><div class="scroll"><table aria-label="Fields">
      <thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Place in the model</th><th scope="col">Required</th><th><span class="sr-only">Tools</span></th></tr></thead>
      <tbody>${rows.map((row, i) => html`<tr key=${i}>
        <td><input aria-label="Field, row ${i + 1}" aria-invalid=${wrong(i, 'name').length ? 'true' : undefined} value=${row.name} onInput=${(e) => set(i, { name: e.target.value })} />
          ${wrong(i, 'name').map((text) => html`<div class="fault">${text}</div>`)}</td>
        <td><select aria-label="Type, row ${i + 1}" value=${row.type} onChange=${(e) => set(i, { type: e.target.value })}>${types.map((t) => html`<option>${t}</option>`)}</select></td>
        <td><input aria-label="Place, row ${i + 1}" placeholder="found by its name" value=${row.model_field_path ?? ''} aria-invalid=${wrong(i, 'model_field_path').length ? 'true' : undefined}
          onInput=${(e) => set(i, { model_field_path: e.target.value || undefined })} />${wrong(i, 'model_field_path').map((text) => html`<div class="fault">${text}</div>`)}</td>
        <td class="position"><input type="checkbox" aria-label="Required, row ${i + 1}" checked=${row.required === true} onChange=${(e) => set(i, { required: e.target.checked })} /></td>
        <td class="tools"><button type="button" class="quiet icon" aria-label="Remove row ${i + 1}" onClick=${() => onChange(rows.filter((_, k) => k !== i))}><${Icon} name="close" /></button></td></tr>`)}</tbody></table></div>
      <div class="grid-foot"><button type="button" class="small" onClick=${() => onChange([...rows, { name: '', type: 'number', required: false }])}>Add a field</button>
        <span>A place such as <code>constraints.demand.rhs</code>; without one, the input of that name</span></div></div>`}
  </div>`;
}

const noFaults = { faults: [] };

function New({ initial, onClose, onMade }) {
  const [form, setForm] = useState({ name: '', description: '', document_id: initial.document ?? '', version_id: initial.version ?? '', webhook_url: '', webhook_secret: '', override_schema: null });
  const [versions, setVersions] = useState([]);
  const [error, setError] = useState(null);
  const documents = useGet('/builder', { query: { limit: 100 } });
  const set = (changes) => { setForm({ ...form, ...changes }); setError(null); };
  useEffect(() => {
    if (!form.document_id) return undefined;
    let gone = false;
    get(path`/builder/${form.document_id}/versions`, { query: { limit: 100 } }).then((list) => {
      if (gone) return;
      setVersions(list);
      setForm((was) => (list.some((v) => v.id === was.version_id) ? was : { ...was, version_id: list[0]?.id ?? 'now' }));
    }, setError);
    return () => { gone = true; };
  }, [form.document_id]);
  const create = async () => {
    let version = form.version_id;
    if (version === 'now') {
      const document = await get(path`/builder/${form.document_id}`);
      version = (await post(path`/builder/${form.document_id}/versions`, { canvas_json: document.canvas_json ?? {} })).id;
    }
    const made = await post('/triggers', {
      name: form.name.trim(), document_id: form.document_id, version_id: version,
      ...(form.description ? { description: form.description } : {}),
      ...(form.webhook_url ? { webhook_url: form.webhook_url } : {}),
      ...(form.webhook_secret ? { webhook_secret: form.webhook_secret } : {}),
      ...(form.override_schema ? { override_schema: form.override_schema } : {}),
    });
    keepSecret(made.id, made.trigger_secret);
    onMade(made);
  };
  const faults = (name) => (error ?? noFaults).faults.filter((f) => f.pointer === `/${name}`).map((f) => f.message);
  const loose = error && !error.faults.some((f) => /^\/(name|description|webhook|override)/.test(f.pointer));
  const text = (name, label, hint, more = {}) => html`<${Field} label=${label} hint=${hint} faults=${faults(name)}>${(c) => html`
    <input ...${c} ...${more} value=${form[name]} onInput=${(e) => set({ [name]: e.target.value })} />`}<//>`;
  return html`<${Modal} title="New trigger" onClose=${onClose}><form class="stack" onSubmit=${(e) => e.preventDefault()}>
    ${loose && html`<${Trouble} error=${error} />`}
    ${documents.data?.length === 0 && html`<div class="note info">A trigger fires a version of a document. <a href="#/documents">Make a document first</a>.</div>`}
    <div class="fields">
      ${text('name', 'Name', undefined, { autofocus: true, maxlength: 255 })}
      ${text('description', 'Description')}
      <${Field} label="Document" faults=${faults('document_id')}>${(c) => html`<select ...${c} value=${form.document_id} onChange=${(e) => set({ document_id: e.target.value, version_id: '' })}>
        <option value=""></option>${(documents.data ?? []).map((d) => html`<option value=${d.id}>${d.name}</option>`)}</select>`}<//>
      <${Field} label="Version" hint="It is pinned: later changes of the document do not matter" faults=${faults('version_id')}>${(c) => html`
        <select ...${c} disabled=${!form.document_id} value=${form.version_id} onChange=${(e) => set({ version_id: e.target.value })}>
          ${versions.map((v) => html`<option value=${v.id}>${v.version_name ? `${v.version_name} (${v.sequence})` : `Version ${v.sequence}`}</option>`)}
          ${form.document_id && html`<option value="now">A new version of the document as it is now</option>`}</select>`}<//>
      <${SchemaEditor} value=${form.override_schema} onChange=${(override_schema) => set({ override_schema })} faults=${(error ?? noFaults).faults} />
      ${text('webhook_url', 'Webhook address', 'Optional. The result is posted there.', { inputmode: 'url', placeholder: 'https://' })}
      ${text('webhook_secret', 'Webhook secret', 'Optional. Signs what is posted.', { type: 'password', autocomplete: 'off' })}
    </div>
    <div class="row end"><button type="button" onClick=${onClose}>Cancel</button>
      <${Action} type="submit" class="primary" disabled=${!form.name.trim() || !form.document_id || !form.version_id} run=${create} failed=${setError}>Create<//></div>
  </form><//>`;
}

export function Made({ trigger, title, onClose }) {
  const command = curlOf(trigger, apiUrl(path`/triggers/${trigger.id}/fire`).href, trigger.trigger_secret);
  return html`<${Modal} title=${title} onClose=${onClose}><div class="stack">
    <p>Copy the secret now: it is not shown again. Whoever has it can fire this trigger, and nothing else.</p>
    <${Secret} label="Trigger secret" value=${trigger.trigger_secret} />
    <div class="field"><div class="row"><span class="label grow">Fire it from a program</span><${Copy} text=${command} /></div><pre class="text">${command}</pre></div>
    <div class="row end"><button class="primary" onClick=${onClose}>Done</button></div></div><//>`;
}

export default function Triggers({ query }) {
  const { data, error, reload } = useGet('/triggers', { every: 10000 });
  const [creating, setCreating] = useState(Boolean(query.document));
  const [made, setMade] = useState(null);
  const open = html`<button class="primary" onClick=${() => setCreating(true)}>New trigger</button>`;
  const close = () => {
    setCreating(false);
    if (query.document) setQuery({ document: '', version: '' });
  };
  return html`<${Screen} title="Triggers" actions=${open}
    lead="An address of its own for one version of a document: a program fires it, perhaps with today’s numbers, and gets the result by webhook.">
    <${Trouble} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} />`}
    ${data && data.length === 0 && html`<${Empty} title="No triggers yet" action=${open}>
      Make one for a document, and let a scheduler or another system fire it.<//>`}
    ${data && data.length > 0 && html`<div class="card flush"><${Table} caption="Triggers" rows=${data} rowKey=${(t) => t.id} columns=${[
      { key: 'name', label: 'Name', cell: (t) => html`<a href=${link(['triggers', t.id])}>${t.name}</a>${t.description && html`<div class="small muted">${t.description}</div>`}` },
      { key: 'is_enabled', label: 'State', cell: (t) => t.is_enabled ? html`<span class="badge good">enabled</span>` : html`<span class="badge">disabled</span>` },
      { key: 'total_runs', label: 'Runs', number: true },
      { key: 'last_fired_at', label: 'Last fired', cell: (t) => html`<${Ago} time=${t.last_fired_at} />` },
      { key: 'webhook_url', label: 'Webhook', cell: (t) => html`<span class="small">${t.webhook_url ?? html`<span class="muted">none</span>`}</span>` },
    ]} /></div>`}
    ${creating && html`<${New} initial=${query} onClose=${close} onMade=${(trigger) => { setCreating(false); setMade(trigger); reload(); }} />`}
    ${made && html`<${Made} title="The trigger is made" trigger=${made} onClose=${() => { setMade(null); go(['triggers', made.id]); }} />`}
  <//>`;
}
