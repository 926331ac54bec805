// One batch of a job: its tasks over time, what they came to, and trying the failed ones again.
import { html, useEffect, useState } from '../parts/html.js';
import { api, download, get, path, post, useGet } from '../parts/api.js';
import { go, link } from '../parts/route.js';
import { about, duration, number, plural, spoken } from '../parts/format.js';
import { ticks, useWidth } from '../parts/chart.js';
import { Action, Ago, Loading, Modal, Screen, Status, Table, Trouble, say } from '../parts/ui.js';

const over = (status) => ['succeeded', 'failed', 'cancelled', 'timeout'].includes(status);
const tones = { succeeded: 'good', failed: 'bad', cancelled: 'off', running: 'run' };
const mostRows = 500;

// A row for each task: pale while it waits, in the colour of its state while it runs.
function Gantt({ batch, onOpen }) {
  const [box, width] = useWidth(800);
  const [now, setNow] = useState(Date.now());
  const ended = over(batch.status);
  useEffect(() => {
    if (ended) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [ended]);
  const tasks = batch.tasks.slice(0, mostRows);
  const time = (text) => new Date(text).getTime();
  const begin = time(batch.metadata.createdAt);
  const end = Math.max(begin + 50, ended && batch.metadata.completedAt ? time(batch.metadata.completedAt) : now);
  const height = Math.max(4, Math.min(24, Math.floor(560 / tasks.length)));
  const named = height >= 14;
  const left = named ? Math.min(150, width * 0.3) : 8;
  const x = (t) => left + (width - left - 8) * Math.max(0, Math.min(1, (t - begin) / (end - begin)));
  const seconds = (end - begin) / 1000;
  const total = tasks.length * height;
  const cut = (name) => (name.length > left / 7.2 ? `${name.slice(0, Math.floor(left / 7.2) - 1)}…` : name);
  return html`<figure ref=${box}><svg class="chart" role="img" width=${width} height=${total + 26} viewBox="0 0 ${width} ${total + 26}"
      aria-label="${plural(tasks.length, 'task')} over ${duration(seconds)}; the table below says the same">
    ${ticks(0, seconds, width > 500 ? 6 : 3).map((t) => html`<g key=${t}><line class="grid" x1=${x(begin + t * 1000)} x2=${x(begin + t * 1000)} y1="0" y2=${total} />
      <text x=${x(begin + t * 1000)} y=${total + 18} text-anchor="middle">${t === 0 ? '0' : duration(t)}</text></g>`)}
    ${tasks.map((task, i) => {
      const from = task.metadata.startedAt ? time(task.metadata.startedAt) : null;
      const until = task.metadata.completedAt ? time(task.metadata.completedAt) : over(task.status) ? from ?? begin : end;
      const y = i * height + height * 0.14;
      return html`<g key=${i} onClick=${() => onOpen(task.metadata.name)} style=${{ cursor: 'pointer' }}><title>${task.metadata.name}: ${task.status}</title>
        ${named && html`<text x="0" y=${i * height + height * 0.72}>${cut(task.metadata.name)}</text>`}
        <rect class="bar wait" x=${x(begin)} width=${Math.max(0, x(from ?? until) - x(begin))} y=${y} height=${height * 0.72} rx="2" />
        ${from !== null && html`<rect class="bar ${tones[task.status] ?? ''}" x=${x(from)} width=${Math.max(2, x(until) - x(from))} y=${y} height=${height * 0.72} rx="2" />`}</g>`;
    })}</svg>
    <figcaption class="legend"><span class="muted">pale: waiting; then in the colour of the task’s state</span></figcaption></figure>`;
}

function Task({ job, batch, name, onClose }) {
  const { data, error } = useGet(path`/jobs/${job}/executions/${batch}/tasks/${name}`, { every: 3000 });
  const { task } = data ?? {};
  return html`<${Modal} title=${name} onClose=${onClose}><div class="stack"><${Trouble} error=${error} />${!data && !error && html`<${Loading} />`}
    ${task && html`<div class="row"><${Status} value=${task.status} />${data.result_data && html`<${Status} value=${data.result_data.status} />`}
        <span class="grow"></span><a class="button" href=${link(['executions', data.execution_id])}>Open the execution</a></div>
      ${task.conditions.map((c) => c.message && html`<p class="small"><strong>${spoken(c.reason)}</strong> ${c.message}</p>`)}
      ${data.result_data && html`<dl class="facts"><dt>Objective</dt><dd>${number(data.result_data.objective_value)}</dd></dl>`}
      ${data.attempts?.length > 0 && html`<div class="card flush"><${Table} sortable=${false} caption="Attempts" rows=${data.attempts} columns=${[
        { key: 'number', label: 'Attempt', number: true },
        { key: 'outcome', label: 'Outcome' },
        { key: 'reason', label: 'Reason', value: (a) => (a.reason ? spoken(a.reason) : '') },
        { key: 'took', label: 'Took', number: true, cell: (a) => a.completedAt ? duration((new Date(a.completedAt) - new Date(a.startedAt)) / 1000) : '–' },
        { key: 'message', label: 'Message' }]} /></div>`}
      <details><summary>Input</summary><pre class="text">${JSON.stringify(data.input_data, null, 2)}</pre></details>`}
  </div><//>`;
}

// The failed tasks' inputs, a few at a time.
async function inputsOf(job, batch, names) {
  const tasks = [];
  for (let i = 0; i < names.length; i += 8) {
    tasks.push(...await Promise.all(names.slice(i, i + 8).map(async (name) => {
      const { input_data: input } = await get(path`/jobs/${job}/executions/${batch}/tasks/${name}`);
      return { name, input_data: input };
    })));
  }
  return tasks;
}

export default function Batch({ name, execution }) {
  const here = path`/jobs/${name}/executions/${execution}`;
  const [ended, setEnded] = useState(false);
  const { data: batch, error, reload } = useGet(here, { every: ended ? 0 : 2000 });
  const summary = useGet(ended ? `${here}/summary` : null);
  const [open, setOpen] = useState('');
  const [stopping, setStopping] = useState(false);
  const back = { href: link(['jobs', name]), label: name };
  if (!batch) return html`<${Screen} title="Batch" back=${back}>${error ? html`<${Trouble} error=${error} retry=${reload} />` : html`<${Loading} />`}<//>`;
  if (over(batch.status) !== ended) setEnded(over(batch.status));
  const failed = batch.tasks.filter((task) => task.status === 'failed').map((task) => task.metadata.name);
  const { stats } = batch;
  const done = stats.success + stats.failure + stats.cancelled;
  const retry = async () => {
    const made = await post(path`/jobs/${name}/executions`, { tasks: await inputsOf(name, execution, failed) });
    say(`Started ${plural(failed.length, 'task')} again`);
    go(['jobs', name, made.executionId]);
  };
  const cancel = async (force) => {
    await api('DELETE', here, { query: force ? { force: true } : {} });
    setStopping(false);
    reload();
  };
  const began = batch.metadata.startedAt ?? batch.metadata.createdAt;
  const took = batch.metadata.completedAt ? (new Date(batch.metadata.completedAt) - new Date(began)) / 1000 : null;
  const { objective } = summary.data ?? {};
  return html`<${Screen} title=${execution} back=${back} lead=${html`<span class="row"><${Status} value=${batch.status} /><span class="small">started <${Ago} time=${began} /></span></span>`}
    actions=${html`${ended && stats.success > 0 && html`<${Action} run=${() => download(`${here}/results.csv`, `${execution}.csv`, 'text/csv')}>Download CSV<//>`}
      ${ended && failed.length > 0 && html`<${Action} class="primary" busy="Starting…" run=${retry}>Retry ${plural(failed.length, 'failed task')}<//>`}
      ${!ended && html`<button class="danger" onClick=${() => setStopping(true)}>Cancel</button>`}`}>
    <${Trouble} error=${error} />
    <div class="card stack"><div class="progress" role="progressbar" aria-label="Tasks done" aria-valuemin="0" aria-valuemax=${stats.total} aria-valuenow=${done}><i style=${{ width: `${100 * done / stats.total}%` }}></i></div>
      <dl class="figures"><div><dt>Tasks</dt><dd>${number(stats.total)}</dd></div><div><dt>Succeeded</dt><dd>${number(stats.success)}</dd></div>
        <div><dt>Failed</dt><dd>${number(stats.failure)}</dd></div><div><dt>Running</dt><dd>${number(stats.running)}</dd></div>
        <div><dt>Cancelled</dt><dd>${number(stats.cancelled)}</dd></div><div><dt>Retried</dt><dd>${number(stats.retried)}</dd></div>
        <div><dt>Took</dt><dd>${duration(took)}</dd></div>
        ${objective && html`<div><dt>Objective, middle</dt><dd>${about(objective.median)}</dd></div><div><dt>Lowest</dt><dd>${about(objective.min)}</dd></div><div><dt>Highest</dt><dd>${about(objective.max)}</dd></div>`}</dl></div>
    <section class="card stack"><h2>Over time</h2><${Gantt} batch=${batch} onOpen=${setOpen} />
      ${batch.tasks.length > mostRows && html`<p class="small muted">The first ${number(mostRows)} of ${number(batch.tasks.length)} tasks.</p>`}</section>
    <section class="card flush"><h2>Tasks</h2><${Table} caption="Tasks" rows=${batch.tasks} rowKey=${(t) => t.metadata.name} columns=${[
      { key: 'name', label: 'Task', value: (t) => t.metadata.name, cell: (t) => html`<button class="quiet small" onClick=${() => setOpen(t.metadata.name)}>${t.metadata.name}</button>` },
      { key: 'status', label: 'Status', value: (t) => t.status, cell: (t) => html`<${Status} value=${t.status} />` },
      { key: 'why', label: 'Outcome', value: (t) => spoken(t.conditions.find((c) => c.type === 'Completed')?.reason ?? t.conditions.at(-1)?.reason ?? '') },
      { key: 'waited', label: 'Waited', number: true, value: (t) => t.metadata.startedAt ? new Date(t.metadata.startedAt) - new Date(t.metadata.createdAt) : null,
        cell: (t) => t.metadata.startedAt ? duration((new Date(t.metadata.startedAt) - new Date(t.metadata.createdAt)) / 1000) : '–' },
      { key: 'took', label: 'Took', number: true, value: (t) => t.metadata.completedAt && t.metadata.startedAt ? new Date(t.metadata.completedAt) - new Date(t.metadata.startedAt) : null,
        cell: (t) => t.metadata.completedAt && t.metadata.startedAt ? duration((new Date(t.metadata.completedAt) - new Date(t.metadata.startedAt)) / 1000) : '–' },
    ]} /></section>
    ${open && html`<${Task} key=${open} job=${name} batch=${execution} name=${open} onClose=${() => setOpen('')} />`}
    ${stopping && html`<${Modal} title="Cancel this batch?" onClose=${() => setStopping(false)}><div class="stack">
      <p>No new task starts. Tasks that are being solved may finish, or be stopped as well.</p>
      <div class="row end"><button onClick=${() => setStopping(false)}>Go on</button><${Action} run=${() => cancel(false)}>Let running tasks finish<//><${Action} class="danger" run=${() => cancel(true)}>Stop them too<//></div></div><//>`}
  <//>`;
}
