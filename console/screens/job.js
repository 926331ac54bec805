// One job: starting it over a list of inputs, and its batches.
import { html, useMemo, useRef, useState } from '../parts/html.js';
import { api, path, post, useGet } from '../parts/api.js';
import { go, link } from '../parts/route.js';
import { number, plural } from '../parts/format.js';
import { Code, LineFaults, jsonFault, placeFaults } from '../parts/code.js';
import { Action, Ago, Empty, Field, Loading, Modal, Screen, Segments, Status, Table, Trouble, say } from '../parts/ui.js';

// The numbers in an input, by the steps that lead to them.
function numbersIn(value, steps = [], into = []) {
  if (typeof value === 'number') into.push({ steps, value });
  else if (value && typeof value === 'object' && into.length < 400) {
    for (const [name, part] of Object.entries(value)) numbersIn(part, [...steps, name], into);
  }
  return into;
}

function replaced(value, [name, ...rest], number_) {
  if (name === undefined) return number_;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[name] = replaced(value[name], rest, number_);
  return copy;
}

// "East Hub › capacity" rather than "warehouses › 0 › capacity".
function labelOf(input, steps) {
  let at = input;
  return steps.map((name) => {
    const inside = Array.isArray(at) ? at[name] : undefined;
    at = at?.[name];
    return inside && typeof inside === 'object' ? inside.name ?? inside.id ?? inside.code ?? `row ${Number(name) + 1}`
      : Array.isArray(inside) || /^\d+$/.test(name) ? `${Number(name) + 1}` : name;
  }).join(' › ');
}

const valuesOf = (text) => text.split(/[\s;]+/).filter(Boolean).map(Number);

function Start({ job, model, onStarted }) {
  const example = model.example_input ?? {};
  const places = useMemo(() => numbersIn(example), [model]);
  const [mode, setMode] = useState(places.length ? 'vary' : 'json');
  const [place, setPlace] = useState(0);
  const [values, setValues] = useState('');
  const [text, setText] = useState(() => JSON.stringify([{ name: 'base', input_data: example }], null, 2));
  const [parallel, setParallel] = useState('');
  const [faults, setFaults] = useState([]);
  const [error, setError] = useState(null);
  const area = useRef(null);
  const chosen = places[place];
  const numbers = valuesOf(values);
  const tasks = () => {
    if (mode === 'json') return JSON.parse(text);
    return numbers.map((value, i) => ({ name: `${i + 1}-${String(value).replace(/[^\w.-]/g, '_')}`, input_data: replaced(example, chosen.steps, value) }));
  };
  const start = async () => {
    setError(null);
    const fault = mode === 'json' ? jsonFault(text) : null;
    setFaults(fault ? [fault] : []);
    if (fault) return;
    const made = await post(path`/jobs/${job.metadata.name}/executions`, {
      tasks: tasks(), ...(parallel ? { parallelism: Number(parallel) } : {}),
    });
    onStarted(made.executionId);
  };
  const failed = (problem) => {
    setError(problem);
    if (mode === 'json') setFaults(placeFaults(text, problem.faults.map((f) => ({ ...f, pointer: f.pointer.replace(/^\/tasks/, '') }))));
  };
  return html`<form class="card stack" onSubmit=${(e) => e.preventDefault()}>
    <div class="card-head"><h2>Start a batch</h2><${Segments} label="How to give the inputs" value=${mode} onChange=${setMode}
      options=${[...(places.length ? [['vary', 'Vary a number']] : []), ['json', 'As JSON']]} /></div>
    ${mode === 'vary' ? html`<p class="small muted">The model’s example, once for every value. For inputs of your own, give them as JSON.</p>
      <div class="fields"><${Field} label="What varies">${(c) => html`<select ...${c} value=${String(place)} onChange=${(e) => setPlace(Number(e.target.value))}>
          ${places.map((p, i) => html`<option value=${String(i)}>${labelOf(example, p.steps)} (now ${number(p.value)})</option>`)}</select>`}<//>
        <${Field} label="Values" hint="Separated by blanks or lines" faults=${numbers.some(Number.isNaN) ? ['Only numbers, please.'] : []}>${(c) => html`
          <textarea ...${c} rows="3" value=${values} placeholder=${chosen ? [0.8, 0.9, 1, 1.1, 1.2].map((k) => +(k * chosen.value).toPrecision(6)).join('  ') : ''} onInput=${(e) => setValues(e.target.value)}></textarea>`}<//></div>`
      : html`<p class="small muted">A list of tasks, each with <code>input_data</code> and, if you like, a <code>name</code>.</p>
        <${Code} label="Tasks as JSON" value=${text} onChange=${(next) => { setText(next); setFaults([]); }} rows=${14} inputRef=${area} marks=${faults.map((f) => f.line).filter(Boolean)} />
        <${LineFaults} faults=${faults} areaRef=${area} />`}
    ${!(mode === 'json' && faults.length) && html`<${Trouble} error=${error} />`}
    <div class="row"><${Action} type="submit" class="primary" busy="Starting…" run=${start} failed=${failed}
        disabled=${mode === 'vary' && (numbers.length === 0 || numbers.some(Number.isNaN))}>
        ${mode === 'vary' && numbers.length ? `Start ${plural(numbers.length, 'task')}` : 'Start'}<//>
      <label class="row small muted">At once <input style=${{ width: '80px' }} inputmode="numeric" placeholder=${job.spec.runtime?.maxConcurrentTasks ?? ''} value=${parallel} onInput=${(e) => setParallel(e.target.value.trim())} /></label></div>
  </form>`;
}

export default function Job({ name }) {
  const job = useGet(path`/jobs/${name}`);
  const model = useGet(job.data ? path`/models/${job.data.spec.modelId}` : null);
  const batches = useGet(path`/jobs/${name}/executions`, { query: { tasks: 'none', limit: 50 }, every: 3000 });
  const [deleting, setDeleting] = useState(false);
  const back = { href: '#/jobs', label: 'Jobs' };
  if (!job.data) {
    return html`<${Screen} title="Job" back=${back}>${job.error ? html`<${Trouble} error=${job.error} retry=${job.reload} />` : html`<${Loading} />`}<//>`;
  }
  const { metadata, spec } = job.data;
  const toggle = async () => {
    await api('PUT', path`/jobs/${name}`, { body: { metadata: { name: metadata.name, displayName: metadata.displayName, labels: metadata.labels, externalId: metadata.externalId },
      spec: { ...spec, enabled: !spec.enabled } } });
    job.reload();
  };
  const remove = async () => {
    await api('DELETE', path`/jobs/${name}`);
    say('The job is deleted');
    go(['jobs']);
  };
  return html`<${Screen} title=${metadata.displayName || metadata.name} back=${back} lead=${html`<${Status} value=${job.data.status} />`}
    actions=${html`<${Action} run=${toggle}>${spec.enabled ? 'Disable' : 'Enable'}<//><button class="danger" onClick=${() => setDeleting(true)}>Delete</button>`}>
    <div class="split"><div class="stack">
      ${spec.enabled && model.data && html`<${Start} job=${job.data} model=${model.data} onStarted=${(id) => go(['jobs', name, id])} />`}
      <${Trouble} error=${model.error} />
      <section class="card flush"><h2>Batches</h2><${Trouble} error=${batches.error} retry=${batches.reload} />
        ${batches.data && (batches.data.length === 0 ? html`<${Empty} title="Nothing was started yet">Give it some inputs above.<//>`
          : html`<${Table} caption="Batches" rows=${batches.data} rowKey=${(b) => b.metadata.id} columns=${[
            { key: 'id', label: 'Batch', value: (b) => b.metadata.id, cell: (b) => html`<a class="mono small" href=${link(['jobs', name, b.metadata.id])}>${b.metadata.id}</a>` },
            { key: 'status', label: 'Status', value: (b) => b.status, cell: (b) => html`<${Status} value=${b.status} />` },
            { key: 'done', label: 'Done', number: true, value: (b) => b.stats.success, cell: (b) => `${number(b.stats.success)} of ${number(b.stats.total)}` },
            { key: 'failure', label: 'Failed', number: true, value: (b) => b.stats.failure },
            { key: 'created', label: 'Started', value: (b) => b.metadata.createdAt, cell: (b) => html`<${Ago} time=${b.metadata.createdAt} />` },
          ]} />`)}</section>
    </div><aside class="stack"><div class="card stack tight"><h2>About</h2><dl class="facts">
      <dt>Name</dt><dd>${metadata.name}</dd>
      <dt>Model</dt><dd><a href=${link(['models', spec.modelId])}>${model.data?.display_name ?? 'Open'}</a></dd>
      <dt>Tasks at once</dt><dd>${number(spec.runtime?.maxConcurrentTasks)}</dd>
      <dt>Retries</dt><dd>${number(spec.runtime?.maxRetries)}</dd>
      <dt>Limit of a task</dt><dd>${spec.runtime?.taskTimeout ?? '–'}</dd>
      <dt>Limit of a batch</dt><dd>${spec.runtime?.timeout ? `${number(spec.runtime.timeout)} s` : '–'}</dd>
      <dt>Webhook</dt><dd>${spec.webhook_url ?? 'none'}</dd></dl></div></aside></div>
    ${deleting && html`<${Modal} title="Delete this job?" onClose=${() => setDeleting(false)}><div class="stack"><p>What still runs is stopped. Its executions stay.</p>
      <div class="row end"><button onClick=${() => setDeleting(false)}>Keep it</button><${Action} class="danger" run=${remove}>Delete<//></div></div><//>`}
  <//>`;
}
