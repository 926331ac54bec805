// What a run found: the verdict, the answer by family, which rows bind, and why there is none.
import { html, useMemo, useState } from './html.js';
import { path, post, useGet } from './api.js';
import { about, brief, duration, number, percent, title } from './format.js';
import { Bars, Columns, Schedule } from './chart.js';
import { Action, Empty, Loading, Segments, Table, Tabs, Trouble } from './ui.js';

const verdicts = {
  optimal: 'Optimal', feasible: 'A solution, not proven the best', infeasible: 'No solution exists',
  unbounded: 'The objective has no limit', time_limit: 'Stopped at the time limit', error: 'Failed',
};
const trusts = {
  proven: ['good', 'Proven'], cross_checked: ['good', 'Cross-checked'],
  solver_word: ['info', 'On the solver’s word'], none: ['', 'Nothing claimed'],
};

function Trust({ verification }) {
  if (!verification) return null;
  const [tone, text] = trusts[verification.trust] ?? ['info', title(verification.trust ?? 'unknown')];
  const told = [
    verification.method && `by ${verification.method.replaceAll('_', ' ')}`,
    verification.point_checked && 'the solution was checked against every row and bound',
    verification.corrected && 'the solver’s first answer was corrected', verification.note,
  ].filter(Boolean).join('; ');
  return html`<span class="badge ${tone}" title=${told}>${text}</span>`;
}

export function Verdict({ run, result }) {
  const status = result?.status ?? run.solver_status;
  const value = result?.objective_value ?? run.objective_value;
  const goal = result?.sense === 'maximize' ? 'Maximized' : result?.sense === 'minimize' ? 'Minimized' : 'Objective';
  return html`<div class="card stack">
    <div class="verdict">
      ${value !== null && value !== undefined && html`<div><div class="muted small">${goal}${result?.objective_name ? ` ${result.objective_name}` : ''}</div>
        <div class="value">${number(value)}</div></div>`}
      <div class="grow"><strong>${verdicts[status] ?? title(run.status)}</strong>
        ${' '}<${Trust} verification=${result?.verification} />
        ${result?.warning && html`<div class="small muted">${result.warning}</div>`}
        ${result?.verification?.note && html`<div class="small muted">${result.verification.note}</div>`}</div>
    </div>
    ${result && html`<dl class="figures">
      <div><dt>Solve time</dt><dd>${duration(result.solve_time_seconds)}</dd></div>
      <div><dt>Gap</dt><dd>${percent(result.gap)}</dd></div>
      <div><dt>Bound</dt><dd>${about(result.dual_bound)}</dd></div>
      <div><dt>Nodes</dt><dd>${number(result.nodes)}</dd></div>
    </dl>`}
  </div>`;
}

const labels = (row, count) => row.slice(0, count).map((part) => brief(part, 40)).join(', ');

// The families as {name, index, rows: [[…index, value]]}; a flat answer is one of them.
function familiesOf(result) {
  const families = Object.entries(result.families ?? {}).map(([name, family]) => ({
    name, index: family.index ?? [], rows: family.rows ?? [], truncated: family.truncated,
  }));
  if (families.length > 0) return families;
  const variables = result.variables ?? [];
  return variables.length === 0 ? []
    : [{ name: 'variables', flat: true, index: ['name'], rows: variables.map((v) => [v.name, v.value]) }];
}

const consecutive = (values) => values.every((v) => typeof v === 'number')
  && values.every((v, i) => i === 0 || v > values[i - 1]);

// The views that a family's shape suggests, the best first.
function viewsOf(family) {
  const { index, rows } = family;
  const views = [];
  if (rows.length > 1 && rows.every((row) => typeof row.at(-1) === 'number')) {
    if (index.length === 1 && consecutive(rows.map((row) => row[0])) && rows.length <= 400) views.push(['columns', 'Chart']);
    else if (index.length === 1 && rows.length <= 40 && rows.some((row) => row.at(-1) !== rows[0].at(-1))) views.push(['bars', 'Chart']);
    if (index.length === 2) {
      const across = new Set(rows.map((row) => row[1])).size;
      const down = new Set(rows.map((row) => row[0])).size;
      if (across > 1 && across <= 40 && down <= 200) views.push(['pivot', 'Grid']);
    }
  }
  return [...views, ['table', 'Table']];
}

function Pivot({ family }) {
  const [down, across] = [0, 1].map((k) => [...new Set(family.rows.map((row) => row[k]))]);
  const value = new Map(family.rows.map((row) => [`${row[0]}\u0000${row[1]}`, row[2]]));
  const high = Math.max(...family.rows.map((row) => Math.abs(row[2]))) || 1;
  if (consecutive([...across].sort((a, b) => a - b))) across.sort((a, b) => a - b);
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${family.name}><table class="pivot">
    <thead><tr><th scope="col">${family.index[0]} \\ ${family.index[1]}</th>
      ${across.map((name) => html`<th scope="col" class="num">${brief(name, 24)}</th>`)}</tr></thead>
    <tbody>${down.map((left) => html`<tr><th scope="row">${brief(left, 40)}</th>${across.map((top) => {
      const v = value.get(`${left}\u0000${top}`);
      return html`<td class="num ${v === undefined ? 'none' : ''}"
        style=${{ '--share': `${v === undefined ? 0 : 8 + 32 * Math.abs(v) / high}%` }}>${v === undefined ? '·' : number(v)}</td>`;
    })}</tr>`)}</tbody></table></div>`;
}

function Family({ family }) {
  const views = viewsOf(family);
  const [view, setView] = useState(views[0][0]);
  const chart = family.rows.map((row) => ({ label: labels(row, family.index.length), value: row.at(-1) }));
  return html`<div>
    ${views.length > 1 && html`<div class="row end" style=${{ padding: '12px 20px 4px' }}>
      <${Segments} label="View of ${family.name}" options=${views} value=${view} onChange=${setView} /></div>`}
    ${view === 'table' && html`<${Table} caption=${family.name} rows=${family.rows}
      columns=${[...family.index.map((label, i) => ({ key: String(i), label: family.flat ? 'Variable' : label, value: (row) => row[i],
        number: family.rows.length > 0 && family.rows.every((row) => typeof row[i] === 'number') })),
      { key: 'value', label: family.flat ? 'Value' : family.name, number: true, value: (row) => row.at(-1) }]}
      foot=${family.truncated ? `${number(family.truncated)} rows more than shown` : null} />`}
    ${view === 'pivot' && html`<${Pivot} family=${family} />`}
    ${view === 'bars' && html`<div style=${{ padding: '10px 20px 20px' }}><${Bars} name=${family.name} rows=${chart} /></div>`}
    ${view === 'columns' && html`<div style=${{ padding: '10px 20px 20px' }}><${Columns} name=${family.name} rows=${chart} /></div>`}
  </div>`;
}

const isNumber = (rows, key) => rows.every((row) => row[key] === undefined || row[key] === null || typeof row[key] === 'number');

// The author's own tables: arrays of records; as a chart too when they look like a schedule or like
// figures by label.
function Report({ name, rows }) {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const texts = names.filter((key) => !isNumber(rows, key));
  const figures = names.filter((key) => isNumber(rows, key));
  const find = (pattern) => figures.find((key) => pattern.test(key));
  const [start, end] = [find(/^(start|begin|from)/i), find(/^(end|finish|until)/i)];
  const ordered = names[0] && figures.includes(names[0]) && consecutive(rows.map((row) => row[names[0]]));
  const measures = figures.filter((key) => key !== (ordered ? names[0] : null));
  const charted = rows.length > 1 && rows.length <= 60 && measures.length > 0 && (ordered || texts.length > 0);
  const schedule = start && end && texts.length > 0 && rows.length <= 300
    && rows.every((row) => Number.isFinite(row[start]) && row[end] >= row[start]);
  const views = [['table', 'Table'], ...(schedule ? [['schedule', 'Schedule']] : charted ? [['chart', 'Chart']] : [])];
  const [view, setView] = useState(schedule ? 'schedule' : 'table');
  const choices = view === 'schedule' ? texts : measures;
  const [chosen, setChosen] = useState('');
  const by = choices.includes(chosen) ? chosen : view === 'schedule' && texts.length > 1 ? texts.at(-1) : choices[0];
  const label = (row) => (ordered ? String(row[names[0]]) : texts.map((key) => brief(row[key] ?? '', 30)).join(', '));
  const chart = () => rows.map((row) => ({ label: label(row), value: row[by] ?? 0 }));
  return html`<div>
    ${views.length > 1 && html`<div class="row end" style=${{ padding: '12px 20px 4px' }}>
      ${view !== 'table' && choices.length > 1 && html`<label class="row small muted">${view === 'schedule' ? 'A line for each' : 'Showing'}
        <select style=${{ width: 'auto' }} value=${by} onChange=${(e) => setChosen(e.target.value)}>${choices.map((key) => html`<option value=${key}>${title(key)}</option>`)}</select></label>`}
      <${Segments} label="View of ${name}" options=${views} value=${view} onChange=${setView} /></div>`}
    ${view === 'table' && html`<${Table} caption=${name} rows=${rows} columns=${names.map((key) => ({
      key, label: title(key), number: figures.includes(key) }))} />`}
    ${view === 'chart' && html`<div style=${{ padding: '10px 20px 20px' }}>${ordered
      ? html`<${Columns} name=${title(by)} rows=${chart()} />` : html`<${Bars} name=${title(by)} rows=${chart()} />`}</div>`}
    ${view === 'schedule' && html`<div style=${{ padding: '10px 20px 20px' }}><${Schedule} name=${name}
      bars=${rows.map((row) => ({ line: String(row[by] ?? ''), start: row[start], end: row[end],
        label: texts.filter((key) => key !== by).map((key) => row[key]).join(', ') || String(row[by]) }))} /></div>`}
  </div>`;
}

const near = (a, b) => a !== null && b !== null && Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a));

// Rows of the answer's own constraints part: what they came to, and which of them bind.
function rowsOf(result) {
  const price = new Map((result.sensitivity?.constraints ?? []).map((row) => [row.name, row.shadow_price]));
  const rows = [];
  for (const [family, part] of Object.entries(result.constraints ?? {})) {
    const count = (part.index ?? []).length;
    for (const row of part.rows ?? []) {
      const [activity, lower, upper] = row.slice(count);
      const name = count ? `${family}[${row.slice(0, count).join(',')}]` : family;
      const tightest = [lower, upper].filter((b) => b !== null && b !== undefined)
        .map((b) => Math.abs(b - activity));
      rows.push({
        name, activity, lower, upper, slack: tightest.length ? Math.min(...tightest) : null,
        binding: near(activity, lower) || near(activity, upper), price: price.get(name),
      });
    }
  }
  if (rows.length === 0) {
    for (const row of result.sensitivity?.constraints ?? []) {
      rows.push({ name: row.name, binding: row.is_binding, price: row.shadow_price });
    }
  }
  return rows;
}

function fromAnalysis(analysis, result) {
  const price = new Map((result.sensitivity?.constraints ?? []).map((row) => [row.name, row.shadow_price]));
  return analysis.constraints.map((row) => ({
    name: row.name, activity: row.activity, slack: row.slack, binding: row.is_binding, price: price.get(row.name),
    lower: row.lower ?? (row.operator === '<=' ? null : row.rhs), upper: row.upper ?? (row.operator === '>=' ? null : row.rhs),
  }));
}

function Rows({ rows }) {
  const [only, setOnly] = useState('binding');
  const binding = rows.filter((row) => row.binding);
  const shown = only === 'binding' ? binding : rows;
  const has = (key) => rows.some((row) => row[key] !== undefined && row[key] !== null);
  const column = (key, label) => has(key) ? [{ key, label, number: true }] : [];
  return html`<div>
    <div class="row" style=${{ padding: '12px 20px 4px', justifyContent: 'space-between' }}>
      <p class="small muted">A binding row is at its limit: it is what holds the objective back.</p>
      <${Segments} label="Which rows" value=${only} onChange=${setOnly}
        options=${[['binding', `Binding ${number(binding.length)}`], ['all', `All ${number(rows.length)}`]]} /></div>
    ${shown.length === 0 ? html`<${Empty} title="No row binds">The limits of the variables decide here.<//>`
      : html`<${Table} key=${only} caption="Rows of the model" rows=${shown} rowKey=${(row) => row.name} rowClass=${(row) => (row.binding ? 'binding' : '')}
        columns=${[{ key: 'name', label: 'Row' }, ...column('activity', 'Comes to'), ...column('lower', 'At least'),
          ...column('upper', 'At most'), ...column('slack', 'Room left'), ...column('price', 'Shadow price')]} />`}</div>`;
}

function Contributions({ list }) {
  const rows = list.filter((part) => Math.abs(part.contribution) > 1e-9).slice(0, 30)
    .map((part) => ({ label: part.label, value: part.contribution }));
  if (rows.length === 0) return html`<${Empty} title="Nothing contributes">The objective is constant at this solution.<//>`;
  return html`<div style=${{ padding: '16px 20px' }}><${Bars} name="Contributions to the objective" rows=${rows} /></div>`;
}

const range = (pair) => !pair ? '' : `${pair[0] === null ? 'any' : about(pair[0])} to ${pair[1] === null ? 'any' : about(pair[1])}`;

// What small changes of the limits and of the objective would do. Asked for when it is looked at.
function Sensitivity({ run }) {
  const { data, error } = useGet(path`/models/executions/${run.id}/exact-analysis`, { query: { sensitivity: true } });
  const found = data?.sensitivity;
  const priced = (found?.constraints ?? []).filter((row) => Math.abs(row.shadow_price) > 1e-9);
  const ranged = (found?.variables ?? []).filter((row) => Math.abs(row.coefficient) > 0 || Math.abs(row.reduced_cost) > 1e-9);
  if (error) return html`<div style=${{ padding: '16px 20px' }}><${Trouble} error=${error} /></div>`;
  if (!data) return html`<${Loading} />`;
  if (!found?.computed) return html`<${Empty} title="Nothing to say here">${found?.note ?? ''}<//>`;
  return html`<div>
    <p class="small muted" style=${{ padding: '14px 20px 4px' }}>A shadow price is what one more unit of a limit would change the
      objective by, as long as the limit stays in its range. ${found.fixed_integers ? 'Whole numbers are held as they are. ' : ''}${found.note ?? ''}</p>
    ${priced.length > 0 && html`<${Table} caption="Shadow prices" rows=${priced} columns=${[
      { key: 'name', label: 'Row' }, { key: 'rhs', label: 'Limit', number: true }, { key: 'shadow_price', label: 'Shadow price', number: true },
      ...(found.ranges ? [{ key: 'rhs_range', label: 'Holds for a limit of', number: true, sort: false, cell: (row) => range(row.rhs_range) }] : [])]} />`}
    <${Table} caption="Variables" rows=${ranged} columns=${[
      { key: 'name', label: 'Variable' }, { key: 'coefficient', label: 'In the objective', number: true }, { key: 'reduced_cost', label: 'Reduced cost', number: true },
      ...(found.ranges ? [{ key: 'coefficient_range', label: 'Same plan for', number: true, sort: false, cell: (row) => range(row.coefficient_range) }] : [])]} /></div>`;
}

// In which direction an unbounded objective runs away.
export function Unbounded({ run }) {
  const { data, error } = useGet(path`/models/executions/${run.id}/exact-analysis`, { query: { sensitivity: true } });
  const ray = data?.ray;
  if (error || !ray) return null;
  return html`<div class="card flush"><div class="card-head"><h2>Why has it no limit?</h2></div>
    <p class="muted" style=${{ padding: '6px 20px 10px' }}>${ray.found ? 'These variables can grow together for ever; each step improves the objective and breaks no row. Most likely a row or an upper bound is missing.' : ray.note}</p>
    ${ray.found && html`<${Table} caption="The direction" rows=${ray.steps} columns=${[{ key: 'variable', label: 'Variable' }, { key: 'change', label: 'Changes by', number: true }]} />`}</div>`;
}

// The parts of the answer, one tab each.
export function Answer({ run, result }) {
  const { data: analysis } = useGet(result ? path`/models/executions/${run.id}/exact-analysis` : null);
  const families = useMemo(() => familiesOf(result), [result]);
  const rows = useMemo(() => (!result.constraints && analysis?.computed && analysis.constraints?.length
    ? fromAnalysis(analysis, result) : rowsOf(result)), [result, analysis]);
  const reports = Object.entries(result.tables ?? {}).filter(([, list]) => Array.isArray(list));
  const tabs = [
    ...reports.map(([name, list]) => ({ id: `table:${name}`, label: title(name), count: list.length,
      body: () => html`<${Report} name=${name} rows=${list} />` })),
    ...families.map((family) => ({ id: `family:${family.name}`, label: family.flat ? 'Variables' : family.name, count: family.rows.length,
      body: () => family.rows.length ? html`<${Family} family=${family} />`
        : html`<${Empty} title="All zero">Every member of ${family.name} is zero in this solution.<//>` })),
    ...(rows.length ? [{ id: 'rows', label: 'Binding rows', count: rows.filter((r) => r.binding).length, body: () => html`<${Rows} rows=${rows} />` }] : []),
    ...(analysis?.contributions?.length ? [{ id: 'parts', label: 'Contributions', body: () => html`<${Contributions} list=${analysis.contributions} />` }] : []),
    ...(analysis?.computed ? [{ id: 'sensitivity', label: 'Sensitivity', body: () => html`<${Sensitivity} run=${run} />` }] : []),
    ...(result.output ? [{ id: 'output', label: 'Output', body: () => html`<div style=${{ padding: '16px 20px' }}><pre class="text">${result.output}</pre></div>` }] : []),
  ];
  const [chosen, setChosen] = useState(null);
  const tab = tabs.find((t) => t.id === chosen) ?? tabs[0];
  if (!tab) return null;
  return html`<div class="card flush"><h2>Answer</h2>
    <div style=${{ padding: '0 8px' }}></div>
    <${Tabs} label="Parts of the answer" tabs=${tabs} value=${tab.id} onChange=${setChosen}>
      <div key=${tab.id}>${tab.body()}</div><//>
    ${result.warnings?.length > 0 && html`<div class="table-foot"><ul>${result.warnings.map((w) => html`<li>${typeof w === 'string' ? w : w.message}</li>`)}</ul></div>`}
  </div>`;
}

const conflicts = {
  constraint: 'These rows cannot all hold', bound: 'These limits of variables cannot all hold',
  mixed: 'These rows and limits cannot all hold', unknown: 'These cannot all hold',
};

// Why there is no solution: a set of rows and bounds that contradict each other.
export function Infeasibility({ run }) {
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const look = async () => {
    setError(null);
    setFound(await post(path`/solve/${run.id}/infeasibility-analysis`, {}));
  };
  const rows = found?.members ?? [];
  return html`<div class="card stack">
    <h2>Why is there no solution?</h2>
    ${!found && html`<p class="muted">The server can look for a smallest set of rows and limits that contradict
      each other. Loosen one of them and that contradiction is gone.</p>`}
    <${Trouble} error=${error} />
    ${!found && html`<div class="row"><${Action} class="primary" busy="Searching…" run=${look} failed=${setError}>Find the conflict<//></div>`}
    ${found && html`<p><strong>${rows.length ? conflicts[found.conflict_type] ?? conflicts.unknown : 'No conflict was found'}.</strong>
        ${' '}${found.irreducible ? 'Without any one of them the others can.' : ''} ${found.note}</p>
      ${rows.length > 0 && html`<div class="card flush"><${Table} caption="The conflict" rows=${rows} sortable=${false} columns=${[
        { key: 'name', label: 'Row or variable' },
        { key: 'kind', label: 'What', value: (row) => ({ constraint: 'row', lower_bound: 'least value', upper_bound: 'greatest value' })[row.kind] ?? '' },
        { key: 'text', label: 'Says', cell: (row) => html`<code>${brief(row.text || boundText(row), 200)}</code>` }]} /></div>`}`}
  </div>`;
}

function boundText(row) {
  const side = (value) => value !== undefined && value !== null;
  return [side(row.lower) && `at least ${number(row.lower)}`, side(row.upper) && `at most ${number(row.upper)}`]
    .filter(Boolean).join(', ');
}
