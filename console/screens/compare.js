// Two runs side by side, showing only what differs.
import { html, useMemo, useState } from '../parts/html.js';
import { path, useGet } from '../parts/api.js';
import { link, setQuery } from '../parts/route.js';
import { about, brief, duration, moment, number, plural } from '../parts/format.js';
import { Empty, Loading, Screen, Status, Table, Trouble } from '../parts/ui.js';

// Every scalar of a JSON value by its place.
function leaves(value, place = '', into = new Map()) {
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value);
    if (entries.length === 0) into.set(place, Array.isArray(value) ? '[]' : '{}');
    for (const [name, part] of entries) leaves(part, place ? `${place} › ${name}` : name, into);
  } else {
    into.set(place, value);
  }
  return into;
}

// A list of records is told apart by its names rather than by positions.
function named(value) {
  if (Array.isArray(value)) {
    const names = value.map((item) => item?.name ?? item?.id ?? item?.code);
    const usable = names.length > 0 && names.every((n) => typeof n === 'string' || typeof n === 'number')
      && new Set(names).size === names.length;
    return usable ? Object.fromEntries(value.map((item, i) => [names[i], named(item)])) : value.map(named);
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, named(v)]));
  }
  return value;
}

function differences(a, b) {
  const rows = [];
  let same = 0;
  for (const place of new Set([...a.keys(), ...b.keys()])) {
    const [left, right] = [a.get(place), b.get(place)];
    if (Object.is(left, right) || typeof left === 'number' && typeof right === 'number' && Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left))) same += 1;
    else rows.push({ place, left, right, change: typeof left === 'number' && typeof right === 'number' ? right - left : null });
  }
  return { rows, same };
}

const solution = (run) => new Map((run.result_data?.variables ?? []).map((v) => [v.name, v.value]));

function outcome(run) {
  const result = run.result_data ?? {};
  return new Map(Object.entries({
    Status: result.status ?? run.status, Objective: run.objective_value, Gap: result.gap, Bound: result.dual_bound,
    'Solve time in seconds': result.solve_time_seconds, Nodes: result.nodes, Iterations: result.iterations,
    Variables: run.num_variables, Constraints: run.num_constraints, Credits: run.credits_used,
    Model: run.model_name, Solver: run.solver_name,
  }));
}

function Part({ title, difference, empty }) {
  const { rows, same } = difference;
  const text = (value) => value === undefined ? html`<span class="muted">absent</span>`
    : typeof value === 'number' ? number(value) : brief(value, 120);
  return html`<section class="card flush"><div class="card-head"><h2>${title}</h2>
      <span class="small muted">${rows.length === 0 ? 'no difference' : `${plural(rows.length, 'difference')}`}${same > 0 ? `, ${number(same)} the same` : ''}</span></div>
    ${rows.length === 0 ? html`<${Empty} title="The same in both">${empty}<//>`
      : html`<${Table} caption=${title} rows=${rows} rowKey=${(row) => row.place} columns=${[
        { key: 'place', label: 'What' },
        { key: 'left', label: 'A', number: true, cell: (row) => text(row.left) },
        { key: 'right', label: 'B', number: true, cell: (row) => text(row.right) },
        { key: 'change', label: 'B − A', number: true, cell: (row) => row.change === null ? '' : `${row.change > 0 ? '+' : ''}${about(row.change)}` },
      ]} />`}</section>`;
}

function Pick({ label, value, onChange, runs }) {
  const [typed, setTyped] = useState(value ?? '');
  return html`<div class="field"><label>${label}
    <select value=${value ?? ''} onChange=${(e) => { setTyped(e.target.value); onChange(e.target.value); }}>
      <option value="">Choose a run</option>
      ${!runs.some((run) => run.id === typed) && typed && html`<option value=${typed}>${typed}</option>`}
      ${runs.map((run) => html`<option value=${run.id}>${run.model_name || run.name || 'Problem'}, ${run.objective_value === null ? run.status : number(run.objective_value)}, ${moment(run.created_at)}</option>`)}
    </select></label></div>`;
}

export default function Compare({ query }) {
  const list = useGet('/models/executions/all', { query: { page_size: 50, include_result: false } });
  const a = useGet(query.a ? path`/models/executions/${query.a}` : null);
  const b = useGet(query.b ? path`/models/executions/${query.b}` : null);
  const both = a.data && b.data;
  const parts = useMemo(() => both && {
    outcome: differences(outcome(a.data), outcome(b.data)),
    input: differences(leaves(named(a.data.input_data ?? {})), leaves(named(b.data.input_data ?? {}))),
    answer: differences(solution(a.data), solution(b.data)),
  }, [a.data, b.data]);
  const head = (letter, run) => html`<div class="card stack tight"><div class="row"><strong>${letter}</strong>
      <a class="grow" href=${link(['executions', run.id])}>${run.model_name || run.name || 'Problem'}</a><${Status} value=${run.status} /></div>
    <div class="row small muted"><span>${moment(run.created_at)}</span><span>${duration((run.execution_time_ms ?? 0) / 1000)}</span></div></div>`;
  return html`<${Screen} title="Compare two runs" back=${{ href: '#/executions', label: 'Executions' }} lead="Only what differs is shown.">
    <div class="halves">
      <${Pick} label="A" value=${query.a} runs=${list.data?.items ?? []} onChange=${(id) => setQuery({ a: id })} />
      <${Pick} label="B" value=${query.b} runs=${list.data?.items ?? []} onChange=${(id) => setQuery({ b: id })} /></div>
    <${Trouble} error=${a.error ?? b.error} />
    ${!both && query.a && query.b && !a.error && !b.error && html`<${Loading} />`}
    ${!(query.a && query.b) && html`<${Empty} title="Choose two runs">Pick a run on each side, or tick two in the list of executions.<//>`}
    ${both && html`<div class="halves">${head('A', a.data)}${head('B', b.data)}</div>
      <${Part} title="Outcome" difference=${parts.outcome} empty="Both ended alike." />
      <${Part} title="Input" difference=${parts.input} empty="Both runs had the same input." />
      <${Part} title="Solution" difference=${parts.answer} empty="Every variable has the same value." />`}
  <//>`;
}
