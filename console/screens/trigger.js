// One trigger: firing it, its runs, and what became of their webhooks.
import { html, useState } from '../parts/html.js';
import { api, apiUrl, isEnd, path, post, useGet } from '../parts/api.js';
import { go, link, setQuery } from '../parts/route.js';
import { duration, number, plural, title } from '../parts/format.js';
import { Fields } from '../parts/form.js';
import { Code, jsonFault } from '../parts/code.js';
import { curlOf, keepSecret, secretOf } from '../parts/secrets.js';
import { check } from '../parts/shape.js';
import { Schedule } from './schedule.js';
import { Made, SchemaEditor } from './triggers.js';
import { Action, Ago, Copy, Empty, Field, Loading, Modal, Pager, Screen, Status, Table, Trouble, say } from '../parts/ui.js';

const kinds = { array: { kind: 'json' }, object: { kind: 'json' } };

function columnsOf(schema) {
  return schema.map((field) => ({
    name: field.name, steps: [field.name], label: title(field.name), hint: field.description ?? '',
    required: field.required === true, initial: field.default, shape: kinds[field.type] ?? { kind: field.type },
  }));
}

function Fire({ trigger, onFired }) {
  const [secret, setSecret] = useState(secretOf(trigger.id));
  const [data, setData] = useState({});
  const [text, setText] = useState('{}');
  const [faults, setFaults] = useState([]);
  const [error, setError] = useState(null);
  const schema = trigger.override_schema;
  const columns = schema ? columnsOf(schema) : [];
  const url = apiUrl(path`/triggers/${trigger.id}/fire`).href;
  const given = schema ? data : jsonFault(text) ? {} : JSON.parse(text);
  const fire = async () => {
    setError(null);
    const found = schema ? check(columns, data) : [jsonFault(text)].filter(Boolean);
    setFaults(found);
    if (found.length) return;
    keepSecret(trigger.id, secret.trim());
    const run = await post(path`/triggers/${trigger.id}/fire`, { override_data: given }, { as: secret.trim() });
    say('Fired');
    onFired(run.run_id);
  };
  const failed = (problem) => {
    if (problem.status === 401) problem.message = 'That is not this trigger’s secret.';
    const placed = problem.faults.map((f) => ({ ...f, pointer: f.pointer.replace(/^\/override_data/, '') }));
    if (placed.some((f) => f.pointer)) setFaults(placed);
    setError(problem);
    if (problem.body?.run_id) onFired(problem.body.run_id);
  };
  return html`<form class="card stack" onSubmit=${(e) => e.preventDefault()}>
    <h2>Fire it</h2>
    ${!trigger.is_enabled && html`<div class="note warn">The trigger is disabled: it refuses to fire.</div>`}
    ${schema === null ? html`<div class="field"><span class="label">Override data</span><span class="hint">Anything in it replaces the part of the pinned model or input of that name.</span>
        <${Code} label="Override data as JSON" value=${text} onChange=${(next) => { setText(next); setFaults([]); }} rows=${5} marks=${faults.map((f) => f.line).filter(Boolean)} />
        ${faults.map((f) => html`<div class="fault">${f.message}</div>`)}</div>`
      : columns.length ? html`<${Fields} columns=${columns} value=${data} onChange=${(next) => { setData(next); setFaults([]); }} faults=${faults} />`
        : html`<p class="muted">This trigger takes no data.</p>`}
    <${Field} label="Trigger secret" hint="Shown when the trigger was made; kept here until you leave the page">${(c) => html`
      <input ...${c} type="password" autocomplete="off" value=${secret} onInput=${(e) => setSecret(e.target.value)} />`}<//>
    <${Trouble} error=${error} />
    <div class="row"><${Action} type="submit" class="primary" busy="Firing…" disabled=${!secret.trim()} run=${fire} failed=${failed}>Fire<//>
      <${Copy} label="Copy as curl" text=${curlOf(trigger, url, secret.trim(), given)} /></div>
  </form>`;
}

function Deliveries({ trigger, run, onChange }) {
  const { data, error, reload } = useGet(path`/triggers/${trigger.id}/runs/${run.id}/deliveries`, { every: 4000 });
  const list = Array.isArray(data) ? data : data?.items ?? [];
  const again = async (delivery) => {
    await post(path`/triggers/${trigger.id}/runs/${run.id}/deliveries/${delivery.id}/redeliver`, {});
    say('Queued to be delivered again');
    reload();
    onChange();
  };
  if (error?.status === 404) return null;
  return html`<section class="stack tight"><h3>Webhook</h3><${Trouble} error=${error} />
    ${data && list.length === 0 && html`<p class="small muted">Nothing was sent${trigger.webhook_url ? '' : ': the trigger has no webhook address'}.</p>`}
    ${list.map((delivery) => html`<div class="card stack tight" key=${delivery.id}>
      <div class="row"><${Status} value=${delivery.state ?? delivery.status} />
        <span class="grow small">${delivery.event} <code>${delivery.id}</code></span>
        <${Action} class="small" run=${() => again(delivery)}>Deliver again<//></div>
      ${delivery.attempts?.length > 0 && html`<div class="card flush"><${Table} sortable=${false} caption="Attempts" rows=${delivery.attempts} columns=${[
        { key: 'number', label: 'Attempt', number: true },
        { key: 'started_at', label: 'When', cell: (a) => html`<${Ago} time=${a.started_at} />` },
        { key: 'status', label: 'Answer', cell: (a) => a.status || '–' },
        { key: 'error', label: 'What went wrong', cell: (a) => a.error ?? '' },
        { key: 'took', label: 'Took', number: true, cell: (a) => a.duration_ms === undefined || a.duration_ms === null ? '–' : duration(a.duration_ms / 1000) },
      ]} /></div>`}</div>`)}</section>`;
}

function RunDetails({ trigger, id, onClose, onChange }) {
  const { data: run, error, reload } = useGet(path`/triggers/${trigger.id}/runs/${id}`, { every: 2000 });
  const rerun = async () => {
    const made = await post(path`/triggers/${trigger.id}/runs/${id}/rerun`);
    say('Started again with the same data');
    onChange(made.run_id);
  };
  return html`<${Modal} title="Run" onClose=${onClose}><div class="stack">
    <${Trouble} error=${error} />${!run && !error && html`<${Loading} />`}
    ${run && html`
      <div class="row"><${Status} value=${run.status} />${run.result_data && html`<${Status} value=${run.result_data.status} />`}<span class="grow small mono">${run.id}</span>
        <${Action} class="small" run=${rerun} disabled=${!trigger.is_enabled}>Run again<//></div>
      ${run.error_message && html`<div class="note bad">${run.error_message}</div>`}
      <dl class="facts"><dt>Fired</dt><dd><${Ago} time=${run.created_at} /></dd>
        ${run.completed_at && html`<dt>Ended</dt><dd><${Ago} time=${run.completed_at} /></dd>`}
        ${run.result_data && html`<dt>Objective</dt><dd>${number(run.result_data.objective_value)}</dd>`}
        <dt>Credits</dt><dd>${number(run.credits_used)}</dd>
        <dt>Webhook</dt><dd>${run.webhook_delivered === true ? 'delivered' : run.webhook_delivered === false ? 'not delivered' : trigger.webhook_url ? 'not yet' : 'none'}${run.webhook_attempts ? `, ${plural(run.webhook_attempts, 'attempt')}` : ''}</dd></dl>
      ${run.execution_id && html`<a class="button" href=${link(['executions', run.execution_id])}>Open the execution</a>`}
      ${run.override_data && html`<details open><summary>Override data</summary><pre class="text">${JSON.stringify(run.override_data, null, 2)}</pre></details>`}
      ${isEnd(run.status) && html`<${Deliveries} trigger=${trigger} run=${run} onChange=${reload} />`}`}
  </div><//>`;
}

function Edit({ trigger, onDone, onClose }) {
  const [form, setForm] = useState({ name: trigger.name, description: trigger.description ?? '', webhook_url: trigger.webhook_url ?? '', webhook_secret: '', override_schema: trigger.override_schema });
  const [error, setError] = useState(null);
  const set = (changes) => { setForm({ ...form, ...changes }); setError(null); };
  const save = async () => onDone(await api('PATCH', path`/triggers/${trigger.id}`, { body: {
    name: form.name.trim(), description: form.description || null, webhook_url: form.webhook_url || null,
    override_schema: form.override_schema, ...(form.webhook_secret ? { webhook_secret: form.webhook_secret } : {}),
  } }));
  const faults = (name) => (error?.faults ?? []).filter((f) => f.pointer === `/${name}`).map((f) => f.message);
  const text = (name, label, hint, more = {}) => html`<${Field} label=${label} hint=${hint} faults=${faults(name)}>${(c) => html`
    <input ...${c} ...${more} value=${form[name]} onInput=${(e) => set({ [name]: e.target.value })} />`}<//>`;
  return html`<${Modal} title="Change the trigger" onClose=${onClose}><form class="stack" onSubmit=${(e) => e.preventDefault()}>
    ${error && !error.faults.some((f) => f.pointer) && html`<${Trouble} error=${error} />`}
    <div class="fields">${text('name', 'Name')}${text('description', 'Description')}
      <${SchemaEditor} value=${form.override_schema} onChange=${(override_schema) => set({ override_schema })} faults=${error?.faults ?? []} />
      ${text('webhook_url', 'Webhook address', 'Empty for none')}
      ${text('webhook_secret', 'New webhook secret', trigger.has_webhook_secret ? 'One is set; leave empty to keep it' : 'Signs what is posted', { type: 'password', autocomplete: 'off' })}</div>
    <div class="row end"><button type="button" onClick=${onClose}>Cancel</button><${Action} type="submit" class="primary" disabled=${!form.name.trim()} run=${save} failed=${setError}>Save<//></div>
  </form><//>`;
}

export default function Trigger({ id, query }) {
  const { data: trigger, error, reload } = useGet(path`/triggers/${id}`, { every: 8000 });
  const runs = useGet(path`/triggers/${id}/runs`, { query: { page: query.page, page_size: 15, status: query.status }, every: 3000 });
  const [open, setOpen] = useState('');
  const [rotated, setRotated] = useState(null);
  const back = { href: '#/triggers', label: 'Triggers' };
  if (!trigger) {
    return html`<${Screen} title="Trigger" back=${back}>${error ? html`<${Trouble} error=${error} retry=${reload} />` : html`<${Loading} />`}<//>`;
  }
  const toggle = async () => {
    await post(path`/triggers/${id}/toggle`, { enabled: !trigger.is_enabled });
    reload();
  };
  const rotate = async () => {
    const answer = await post(path`/triggers/${id}/rotate-secret`);
    keepSecret(id, answer.trigger_secret);
    setOpen('');
    setRotated({ ...trigger, ...answer });
    reload();
  };
  const remove = async () => {
    await api('DELETE', path`/triggers/${id}`);
    say('The trigger and its runs are deleted');
    go(['triggers']);
  };
  const show = (run) => { setQuery({ run }); runs.reload(); };
  return html`<${Screen} title=${trigger.name} back=${back} lead=${trigger.description || undefined}
    actions=${html`<${Action} run=${toggle}>${trigger.is_enabled ? 'Disable' : 'Enable'}<//>
      <button onClick=${() => setOpen('edit')}>Change</button><button onClick=${() => setOpen('rotate')}>New secret</button>
      <button class="danger" onClick=${() => setOpen('delete')}>Delete</button>`}>
    <div class="split"><div class="stack">
      <${Fire} key=${`${id}:${secretOf(id)}:${JSON.stringify(trigger.override_schema)}`} trigger=${trigger} onFired=${(run) => { reload(); show(run); }} />
      <section class="card flush"><div class="card-head"><h2>Runs</h2><span class="small muted">${plural(trigger.total_runs, 'run')}</span></div>
        <${Trouble} error=${runs.error} retry=${runs.reload} />
        ${runs.data && (runs.data.items.length === 0 ? html`<${Empty} title="It was never fired">Fire it above, or from a program with its secret.<//>`
          : html`<${Table} caption="Runs" rows=${runs.data.items} rowKey=${(r) => r.id} columns=${[
            { key: 'created_at', label: 'Fired', cell: (r) => html`<a href=${link(['triggers', id], { ...query, run: r.id })}><${Ago} time=${r.created_at} /></a>` },
            { key: 'status', label: 'Status', cell: (r) => html`<${Status} value=${r.status} />` },
            { key: 'objective', label: 'Objective', number: true, value: (r) => r.result_data?.objective_value },
            { key: 'source', label: 'Source', value: (r) => ({ manual: 'fired', rerun: 'run again', cron: 'schedule' })[r.source] ?? r.source ?? '' },
            { key: 'execution_time_ms', label: 'Took', number: true, cell: (r) => r.execution_time_ms === null || r.execution_time_ms === undefined ? '–' : duration(r.execution_time_ms / 1000) },
            { key: 'webhook', label: 'Webhook', value: (r) => r.webhook_delivered, cell: (r) => r.webhook_delivered === true ? html`<span class="badge good">delivered</span>`
              : r.webhook_delivered === false ? html`<span class="badge bad">failed</span>` : r.webhook_attempts ? html`<span class="badge warn">trying</span>` : html`<span class="muted">–</span>` },
          ]} />`)}
        <div style=${{ padding: '8px 20px' }}><${Pager} data=${runs.data} onPage=${(page) => setQuery({ page })} /></div></section>
    </div><aside class="stack"><div class="card stack tight"><h2>About</h2><dl class="facts">
      <dt>State</dt><dd>${trigger.is_enabled ? 'enabled' : 'disabled'}</dd>
      <dt>Document</dt><dd><a href=${link(['documents', trigger.document_id])}>Open</a></dd>
      <dt>Secret</dt><dd><code>${trigger.trigger_secret_prefix}…</code></dd>
      <dt>Runs</dt><dd>${number(trigger.total_runs)}</dd>
      <dt>Last fired</dt><dd><${Ago} time=${trigger.last_fired_at} /></dd>
      <dt>Webhook</dt><dd>${trigger.webhook_url ?? 'none'}</dd></dl></div><${Schedule} trigger=${trigger} /></aside></div>
    ${query.run && html`<${RunDetails} key=${query.run} trigger=${trigger} id=${query.run} onClose=${() => setQuery({ run: '' })} onChange=${show} />`}
    ${open === 'edit' && html`<${Edit} trigger=${trigger} onClose=${() => setOpen('')} onDone=${() => { setOpen(''); reload(); }} />`}
    ${open === 'rotate' && html`<${Modal} title="Make a new secret?" onClose=${() => setOpen('')}><div class="stack"><p>The old one stops working at once.</p>
      <div class="row end"><button onClick=${() => setOpen('')}>Keep the old one</button><${Action} class="danger" run=${rotate}>New secret<//></div></div><//>`}
    ${open === 'delete' && html`<${Modal} title="Delete this trigger?" onClose=${() => setOpen('')}><div class="stack"><p>Its runs go with it. The executions they made stay.</p>
      <div class="row end"><button onClick=${() => setOpen('')}>Keep it</button><${Action} class="danger" run=${remove}>Delete<//></div></div><//>`}
    ${rotated && html`<${Made} title="The new secret" trigger=${rotated} onClose=${() => setRotated(null)} />`}
  <//>`;
}
