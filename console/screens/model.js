// One model: what it decides, its input as a form, and the run that comes of it.
import { html, useEffect, useMemo, useRef, useState } from '../parts/html.js';
import { get, path, post, api, useGet } from '../parts/api.js';
import { go, link } from '../parts/route.js';
import { plural, title } from '../parts/format.js';
import { check, fieldsOf } from '../parts/shape.js';
import { Fields, FaultSummary } from '../parts/form.js';
import { Code, jsonFault } from '../parts/code.js';
import { Action, Ago, Loading, Screen, Segments, Status, Trouble, say } from '../parts/ui.js';

// A model of the organization, or a listing that is not activated yet.
function useModel(id) {
  const [state, setState] = useState({});
  useEffect(() => {
    let gone = false;
    const put = (next) => { if (!gone) setState(next); };
    get(path`/models/${id}`)
      .catch((error) => {
        if (error.status !== 404) throw error;
        return get(path`/models/catalog/${id}`).then((listing) => ({ ...listing, listed: true }));
      })
      .then((model) => put({ model }), (error) => put({ error }));
    return () => { gone = true; };
  }, [id]);
  return [state, setState];
}

// Faults of an answer as faults of the input.
const inInput = (faults) => faults.map((fault) => ({
  ...fault, pointer: fault.pointer.replace(/^\/input_data(?=\/|$)/, ''),
}));

const draftName = (id) => `solvent.draft.${id}`;

function useDraft(model) {
  const kept = useMemo(() => {
    try {
      return JSON.parse(sessionStorage.getItem(draftName(model.id)));
    } catch {
      return null;
    }
  }, [model.id]);
  const [input, setInput] = useState(() => kept ?? structuredClone(model.example_input ?? {}));
  const keep = (next) => {
    setInput(next);
    try {
      sessionStorage.setItem(draftName(model.id), JSON.stringify(next));
    } catch {
      // Too large to keep; it stays in the form.
    }
  };
  return [input, keep, Boolean(kept)];
}

function Editor({ model }) {
  const columns = useMemo(() => fieldsOf(model), [model]);
  const [input, setInput] = useDraft(model);
  const [view, setView] = useState(columns.length ? 'form' : 'json');
  const [text, setText] = useState('');
  const [faults, setFaults] = useState([]);
  const [limit, setLimit] = useState('');
  const [error, setError] = useState(null);
  const [preview, setPreview] = useState(null);
  const summary = useRef(null);

  const show = (next) => {
    if (next === 'json') setText(JSON.stringify(input, null, 2));
    setView(next);
  };
  const edit = (next) => {
    setInput(next);
    if (faults.length) setFaults([]);
    setPreview(null);
  };
  const editText = (next) => {
    setText(next);
    const fault = jsonFault(next);
    setFaults(fault ? [fault] : []);
    if (!fault) setInput(JSON.parse(next));
  };
  const failed = (problem) => {
    if ([400, 422].includes(problem.status)) {
      const found = inInput(problem.faults);
      setFaults(found.length ? found : [{ pointer: '', message: problem.message }]);
      setTimeout(() => summary.current?.focus());
    } else {
      setError(problem);
    }
  };
  const ready = () => {
    setError(null);
    const found = view === 'form' ? check(columns, input) : [jsonFault(text)].filter(Boolean);
    setFaults(found);
    if (found.length) setTimeout(() => summary.current?.focus());
    return found.length === 0;
  };
  const body = () => ({
    input_data: input,
    ...(limit ? { options: { time_limit_seconds: Number(limit) } } : {}),
  });
  const activated = async () => model.listed
    ? (await post(path`/models/catalog/${model.id}/activate`, {})).id : model.id;
  const run = async () => {
    if (!ready()) return;
    const id = await activated();
    const made = await post(path`/models/${id}/execute`, { ...body(), async_mode: true });
    go(['executions', made.execution_id ?? made.id]);
  };
  const look = async () => {
    if (!ready()) return;
    const id = await activated();
    const seen = await post(path`/models/${id}/preview`, body());
    setPreview(seen);
    say('The input fits the model');
  };

  return html`<form class="stack" novalidate onSubmit=${(e) => e.preventDefault()}>
    <div class="card stack">
      <div class="card-head"><h2>Input</h2><div class="row">
        <button type="button" class="quiet small" onClick=${() => { edit(structuredClone(model.example_input ?? {})); setText(JSON.stringify(model.example_input ?? {}, null, 2)); }}>Reset to the example</button>
        <${Segments} label="View of the input" value=${view} onChange=${show}
          options=${[['form', 'Form'], ['json', 'JSON']]} /></div></div>
      <${FaultSummary} faults=${faults} boxRef=${summary} />
      ${view === 'form' ? html`<${Fields} columns=${columns} value=${input} onChange=${edit} faults=${faults} />`
        : html`<${Code} label="Input as JSON" value=${text} onChange=${editText} rows=${18}
            marks=${faults.map((f) => f.line).filter(Boolean)} />`}
    </div>
    <${Trouble} error=${error} />
    ${preview && html`<div class="note good"><strong>The input fits.</strong> The model has
      ${' '}${plural(preview.num_variables, 'variable')} (${plural(preview.num_integers, 'integer')}),
      ${' '}${plural(preview.num_constraints, 'constraint')} and ${plural(preview.num_nonzeros, 'coefficient')}.
      ${preview.warnings?.length > 0 && html`<ul>${preview.warnings.map((w) => html`<li>${typeof w === 'string' ? w : w.message}</li>`)}</ul>`}</div>`}
    <div class="row bar">
      <${Action} class="primary" type="submit" run=${run} failed=${failed} busy="Starting…">Solve<//>
      <${Action} run=${look} failed=${failed} busy="Checking…">Check the input<//>
      <label class="row small muted">Time limit in seconds
        <input style=${{ width: '92px' }} inputmode="decimal" value=${limit} placeholder="60"
          onInput=${(e) => setLimit(e.target.value.trim())} /></label>
    </div>
  </form>`;
}

function Recent({ model }) {
  const { data } = useGet(model.listed ? null : path`/models/${model.id}/executions`,
    { query: { page_size: 6, include_result: false } });
  if (!data || data.items.length === 0) return null;
  return html`<div class="card"><div class="card-head"><h2>Recent runs</h2>
    <a class="small" href=${link(['executions'], { model_id: model.id })}>All</a></div>
    <ul class="stack tight" style=${{ listStyle: 'none' }}>${data.items.map((run) => html`<li class="row">
      <a class="grow" href=${link(['executions', run.id])}><${Ago} time=${run.created_at} /></a>
      <${Status} value=${run.status === 'completed' ? run.solver_status ?? run.status : run.status} /></li>`)}</ul></div>`;
}

export default function Model({ id }) {
  const [{ model, error }, setState] = useModel(id);
  if (error) return html`<${Screen} title="Model" back=${{ href: '#/models', label: 'Models' }}><${Trouble} error=${error} /><//>`;
  if (!model) return html`<${Loading} />`;
  const patch = async (changes) => {
    await api('PATCH', path`/models/${model.id}`, { body: changes });
    setState({ model: { ...model, ...changes } });
  };
  const usable = model.listed || model.is_active;
  return html`<${Screen} title=${model.display_name} back=${{ href: '#/models', label: 'Models' }}
    lead=${model.short_description || undefined}
    actions=${!model.listed && html`
      <${Action} class="quiet" aria-pressed=${String(model.is_favorite)} run=${() => patch({ is_favorite: !model.is_favorite })}>
        ${model.is_favorite ? '★ Favourite' : '☆ Favourite'}<//>
      <${Action} run=${() => patch({ is_active: !model.is_active })}>${model.is_active ? 'Deactivate' : 'Activate'}<//>`}>
    <div class="split">
      <div class="stack">
        ${usable ? html`<${Editor} key=${model.id} model=${model} />`
          : html`<div class="note warn">This model is deactivated. Activate it to run it; its runs are kept.</div>`}
      </div>
      <aside class="stack">
        <div class="card stack tight"><h2>About</h2>
          <p class="small">${model.description}</p>
          ${model.scenario_description && html`<p class="small muted">${model.scenario_description}</p>`}
          ${model.section_how_it_works && html`<details class="small"><summary>How it works</summary>
            <p class="muted">${model.section_how_it_works}</p></details>`}
          <dl class="facts">
            <dt>Category</dt><dd>${title(model.category || 'general')}</dd>
            <dt>Price</dt><dd>${plural(model.credits_per_execution, 'credit')} a run</dd>
            <dt>Kind</dt><dd>${model.listed || model.catalog_id ? 'Catalog' : 'Private'}</dd>
            ${model.total_executions > 0 && html`<dt>Runs</dt><dd>${model.total_executions}</dd>`}
          </dl>
          <div class="chips">${(model.tags ?? []).map((tag) => html`<span class="tag">${tag}</span>`)}</div>
        </div>
        <${Recent} model=${model} />
      </aside>
    </div>
  <//>`;
}
