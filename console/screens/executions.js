// All runs, with the filters in the address.
import { html, useState } from '../parts/html.js';
import { useGet } from '../parts/api.js';
import { go, link, setQuery } from '../parts/route.js';
import { duration, number } from '../parts/format.js';
import { Ago, Empty, Loading, Pager, Screen, Status, Table, Trouble } from '../parts/ui.js';

const states = ['pending', 'running', 'completed', 'failed', 'timeout', 'cancelled'];

export default function Executions({ query }) {
  const [chosen, setChosen] = useState([]);
  const [active, setActive] = useState(false);
  const { data, error, reload } = useGet('/models/executions/all', {
    query: { status: query.status, origin: query.origin, model_id: query.model_id,
      trigger_id: query.trigger_id, page: query.page, page_size: 25, include_result: false },
    every: active ? 2000 : 6000,
  });
  const going = Boolean(data?.items.some((run) => ['pending', 'running'].includes(run.status)));
  if (going !== active) setActive(going);
  const choose = (id, on) => setChosen((was) => (on ? [...was, id].slice(-2) : was.filter((x) => x !== id)));
  const filter = (name, value) => setQuery({ [name]: value, page: '' });
  const filtered = query.status || query.origin || query.model_id || query.trigger_id;
  const columns = [
    { name: 'Compare', key: 'choose', sort: false, cell: (run) => html`<input type="checkbox" checked=${chosen.includes(run.id)}
      aria-label="Compare ${run.model_name || run.name || run.id}" onChange=${(e) => choose(run.id, e.target.checked)} />` },
    { key: 'what', label: 'What', value: (run) => run.model_name || run.name || 'Problem',
      cell: (run) => html`<a href=${link(['executions', run.id])}>${run.model_name || run.name || 'Problem'}</a>
        <div class="small muted mono">${run.id}</div>` },
    { key: 'status', label: 'Status', value: (run) => run.status, cell: (run) => html`<${Status}
      value=${run.status === 'completed' ? run.solver_status ?? 'completed' : run.status} />` },
    { key: 'objective_value', label: 'Objective', number: true },
    { key: 'execution_time_ms', label: 'Took', number: true, cell: (run) => run.execution_time_ms === null ? '–' : duration(run.execution_time_ms / 1000) },
    { key: 'credits_used', label: 'Credits', number: true },
    { key: 'created_at', label: 'Created', cell: (run) => html`<${Ago} time=${run.created_at} />` },
  ];
  return html`<${Screen} title="Executions" lead="Every solve of your organization, newest first."
    actions=${html`<button class="primary" disabled=${chosen.length !== 2}
      onClick=${() => go(['compare'], { a: chosen[0], b: chosen[1] })}>
      ${chosen.length === 2 ? 'Compare the two' : 'Choose two to compare'}</button>`}>
    <div class="row">
      <div class="chips" role="group" aria-label="Status">
        <button class="chip" aria-pressed=${String(!query.status)} onClick=${() => filter('status', '')}>All</button>
        ${states.map((state) => html`<button class="chip" aria-pressed=${String(query.status === state)}
          onClick=${() => filter('status', query.status === state ? '' : state)}>${state}</button>`)}
      </div>
      <div class="chips" role="group" aria-label="Origin">
        ${[['manual', 'by hand'], ['triggered', 'by triggers']].map(([value, label]) => html`
          <button class="chip" aria-pressed=${String(query.origin === value)}
            onClick=${() => filter('origin', query.origin === value ? '' : value)}>${label}</button>`)}
      </div>
      ${['model_id', 'trigger_id'].filter((name) => query[name]).map((name) => html`
        <button class="chip" aria-pressed="true" onClick=${() => filter(name, '')}>${name === 'model_id' ? 'one model' : 'one trigger'} ✕</button>`)}
      ${data && html`<span class="muted small" role="status">${number(data.total)} in all</span>`}
    </div>
    <${Trouble} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} />`}
    ${data && (data.items.length === 0 ? (filtered
      ? html`<${Empty} title="No execution matches" action=${html`<button onClick=${() => setQuery({ status: '', origin: '', model_id: '', trigger_id: '', page: '' })}>Show all</button>`}>Nothing has that state and origin.<//>`
      : html`<${Empty} title="Nothing was solved yet" action=${html`<a class="button primary" href="#/models">Pick a model</a> <a class="button" href="#/playground">Open the playground</a>`}>
        Run a model from the catalog, or paste a problem into the playground. Each run is kept here with its input and its answer.<//>`)
      : html`<div class="card flush"><${Table} caption="Executions" rows=${data.items} rowKey=${(run) => run.id} columns=${columns} /></div>`)}
    <${Pager} data=${data} onPage=${(page) => { setQuery({ page }); scrollTo(0, 0); }} />
  <//>`;
}
