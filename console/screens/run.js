// One run: watched while it goes, explained afterwards.
import { html, useEffect, useRef, useState } from '../parts/html.js';
import { get, isEnd, path, post, useGet, watchRun } from '../parts/api.js';
import { link } from '../parts/route.js';
import { about, duration, number, percent } from '../parts/format.js';
import { Convergence } from '../parts/chart.js';
import { Answer, Infeasibility, Unbounded, Verdict } from '../parts/answer.js';
import { Action, Ago, Copy, Loading, Screen, Status, Trouble, say } from '../parts/ui.js';

const mostPoints = 4000;

function sameValue(a, b) {
  return a.incumbent === b.incumbent && a.bound === b.bound;
}

// What the run has reported so far: its state, its last figures, its curve and its log.
function useLive(id, active) {
  const [live, setLive] = useState({ status: '', latest: null, points: [], log: [] });
  const began = useRef(performance.now());
  useEffect(() => {
    if (!active) return undefined;
    const note = (was, text, time) => [...was.log, { time, text }].slice(-200);
    return watchRun(id, (message) => setLive((was) => {
      const next = { ...was };
      const seconds = message.elapsed_seconds ?? (performance.now() - began.current) / 1000;
      if (message.status && message.status !== was.status) {
        next.status = message.status;
        const words = { pending: 'Waiting for a solver', running: 'Solving', completed: 'Completed',
          failed: 'Failed', timeout: 'Timed out', cancelled: 'Cancelled' };
        next.log = note(next, words[message.status] ?? message.status, was.latest?.elapsed_seconds ?? 0);
      }
      const figures = message.type === 'progress' ? message : message.progress_data;
      if (figures) {
        next.latest = { ...figures };
        const point = { time: figures.elapsed_seconds ?? seconds, incumbent: figures.objective_value, bound: figures.bound };
        const last = was.points.at(-1);
        if (!last || !sameValue(last, point)) next.points = [...was.points, point].slice(-mostPoints);
        if (Number.isFinite(point.incumbent) && point.incumbent !== last?.incumbent) {
          next.log = note(next, `Better solution: ${number(point.incumbent)}${
            Number.isFinite(figures.gap) ? `, gap ${percent(figures.gap)}` : ''}`, point.time);
        } else if (figures.phase && figures.phase !== was.latest?.phase) {
          next.log = note(next, `Phase: ${figures.phase.replaceAll('_', ' ')}`, point.time);
        }
      }
      return next;
    }));
  }, [id, active]);
  return live;
}

function Live({ run, live, onCancel }) {
  const { latest, points, log } = live;
  const [clock, setClock] = useState(0);
  const list = useRef(null);
  const status = live.status || run.status;
  useEffect(() => {
    const seen = performance.now();
    const timer = setInterval(() => setClock((performance.now() - seen) / 1000), 500);
    return () => clearInterval(timer);
  }, [latest]);
  useEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [log.length]);
  const elapsed = status === 'running' ? (latest?.elapsed_seconds ?? 0) + Math.min(clock, 10) : 0;
  const done = Math.round(100 * (latest?.progress ?? 0));
  return html`<div class="card stack">
    <div class="card-head"><div class="row"><h2>Progress</h2><${Status} value=${status} /></div>
      <${Action} class="danger" busy="Cancelling…" run=${onCancel}>Cancel the run<//></div>
    <div class="progress" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${done}>
      <i style=${{ width: `${done}%` }}></i></div>
    <dl class="figures">
      <div><dt>Best solution</dt><dd>${about(latest?.objective_value)}</dd></div>
      <div><dt>Bound</dt><dd>${about(latest?.bound)}</dd></div>
      <div><dt>Gap</dt><dd>${percent(latest?.gap)}</dd></div>
      <div><dt>Nodes</dt><dd>${about(latest?.nodes)}</dd></div>
      <div><dt>Elapsed</dt><dd>${status === 'running' ? duration(elapsed) : '–'}</dd></div>
    </dl>
    <${Convergence} points=${points} until=${elapsed} />
    <div><h3>Events</h3><ol class="log" ref=${list} role="log" tabindex="0" aria-label="Events">${log.map((entry, i) => html`
      <li key=${i}><time>${duration(entry.time)}</time><span>${entry.text}</span></li>`)}</ol></div>
  </div>`;
}

// The curve of a run that has ended, from what was recorded.
function History({ run, result, live }) {
  const recorded = (result?.progress_history ?? []).map((p) => ({ time: p.time, incumbent: p.objective }));
  const points = live.points.length > 1 ? [...live.points] : recorded;
  if (points.length < 2) return null;
  const end = result?.solve_time_seconds ?? run.execution_time_ms / 1000;
  points.push({ time: end, incumbent: result?.objective_value, bound: result?.dual_bound });
  return html`<div class="card stack"><h2>How it got there</h2><${Convergence} points=${points} until=${end} />
    ${live.log.length > 0 && html`<details><summary>Events</summary><ol class="log">${live.log.map((entry, i) => html`
      <li key=${i}><time>${duration(entry.time)}</time><span>${entry.text}</span></li>`)}</ol></details>`}</div>`;
}

const origins = { manual: 'By hand', triggered: 'Trigger', batch: 'Job', job: 'Job' };

function Facts({ run }) {
  return html`<div class="card stack tight"><h2>About this run</h2><dl class="facts">
    ${run.model_id && html`<dt>Model</dt><dd><a href=${link(['models', run.model_id])}>${run.model_name || 'Open'}</a></dd>`}
    <dt>Started by</dt><dd>${origins[run.origin] ?? run.origin}</dd>
    ${run.trigger_id && html`<dt>Trigger</dt><dd><a href=${link(['triggers', run.trigger_id])}>Open</a></dd>`}
    <dt>Created</dt><dd><${Ago} time=${run.created_at} /></dd>
    ${run.completed_at && html`<dt>Ended</dt><dd><${Ago} time=${run.completed_at} /></dd>`}
    ${run.execution_time_ms !== null && html`<dt>Took</dt><dd>${duration(run.execution_time_ms / 1000)}</dd>`}
    <dt>Size</dt><dd>${number(run.num_variables)} × ${number(run.num_constraints)}</dd>
    <dt>Solver</dt><dd>${run.solver_name}</dd>
    <dt>Credits</dt><dd>${number(run.credits_used)}</dd>
  </dl>
  <div class="row"><code class="grow small">${run.id}</code><${Copy} text=${run.id} label="Copy id" /></div></div>`;
}

// Whoever sees a run's end need not be told of it.
async function markSeen(id) {
  const { items } = await get('/notifications', { query: { unread_only: true, limit: 50 } });
  const about = items.filter((item) => item.data?.execution_id === id);
  await Promise.all(about.map((item) => post(path`/notifications/${item.id}/read`)));
  if (about.length) dispatchEvent(new Event('solvent:notifications'));
}

export default function Run({ id }) {
  const { data: run, error, reload } = useGet(path`/models/executions/${id}`);
  const running = Boolean(run) && !isEnd(run.status);
  const live = useLive(id, running);
  const ended = isEnd(live.status);
  useEffect(() => {
    if (ended && running) {
      reload();
    }
  }, [ended, running]);
  const over = Boolean(run) && !running;
  useEffect(() => {
    if (over) markSeen(id).catch(() => {});
  }, [id, over]);
  const back = { href: '#/executions', label: 'Executions' };
  if (!run) {
    return html`<${Screen} title="Execution" back=${back}>${error
      ? html`<${Trouble} error=${error} retry=${reload} />` : html`<${Loading} />`}<//>`;
  }
  const cancel = async () => {
    const answer = await post(path`/solve/async/${id}/cancel`, {});
    say(answer.message);
    setTimeout(reload, 1500);
  };
  const result = run.result_data;
  const failed = ['failed', 'timeout'].includes(run.status);
  return html`<${Screen} title=${run.model_name || run.name || 'Problem'} back=${back}
    lead=${html`<span class="row"><${Status} value=${live.status && running ? live.status : run.status} />
      ${!running && html`<span class="small">ended <${Ago} time=${run.completed_at} /></span>`}</span>`}
    actions=${html`
      ${run.model_id && html`<a class="button" href=${link(['models', run.model_id])}>Open the model</a>`}
      <a class="button" href=${link(['compare'], { a: run.id })}>Compare</a>`}>
    <${Trouble} error=${error} />
    <div class="split"><div class="stack">
      ${running && html`<${Live} run=${run} live=${live} onCancel=${cancel} />`}
      ${failed && html`<div class="note bad" role="alert"><strong>${run.status === 'timeout'
        ? 'There is no solution.' : 'The run failed.'}</strong> ${run.error_message}</div>`}
      ${run.status === 'cancelled' && html`<div class="note warn"><strong>The run was cancelled.</strong>
        ${result ? ' The best solution found until then is kept.' : ''}</div>`}
      ${!running && (result || run.solver_status) && html`<${Verdict} run=${run} result=${result} />`}
      ${!running && result?.status === 'infeasible' && html`<${Infeasibility} run=${run} />`}
      ${!running && result?.status === 'unbounded' && html`<${Unbounded} run=${run} />`}
      ${!running && result && html`<${Answer} run=${run} result=${result} />`}
      ${!running && html`<${History} run=${run} result=${result} live=${live} />`}
    </div><aside class="stack">
      <${Facts} run=${run} />
      <div class="card"><details><summary>Input</summary><pre class="text">${JSON.stringify(run.input_data, null, 2)}</pre></details></div>
      ${result && html`<div class="card"><details><summary>Result as JSON</summary>
        <div class="stack tight"><${Copy} text=${JSON.stringify(result, null, 2)} /><pre class="text">${JSON.stringify(result, null, 2).slice(0, 20000)}</pre></div></details></div>`}
    </aside></div>
  <//>`;
}
