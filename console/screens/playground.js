// A scratch pad: a flat problem, or a MathProg model with data, checked and solved.
import { html, useRef, useState } from '../parts/html.js';
import { post } from '../parts/api.js';
import { go, setQuery } from '../parts/route.js';
import { plural } from '../parts/format.js';
import { Code, LineFaults, jsonFault, placeFaults } from '../parts/code.js';
import { Action, Screen, Segments, Trouble } from '../parts/ui.js';
import { examples } from './examples.js';

const draft = (name) => `solvent.playground.${name}`;

function useText(name, initial) {
  const [text, setText] = useState(() => sessionStorage.getItem(draft(name)) ?? initial);
  return [text, (next) => {
    setText(next);
    try {
      sessionStorage.setItem(draft(name), next);
    } catch {
      // Too large to keep.
    }
  }];
}

function Checked({ found }) {
  if (!found) return null;
  return html`<div class="note good" role="status"><strong>No fault found.</strong>
    ${' '}${plural(found.num_variables, 'variable')}, ${plural(found.num_constraints, 'constraint')},
    ${' '}${plural(found.num_nonzeros, 'coefficient')}; about ${plural(found.estimated_credits, 'credit')} to solve.
    ${found.warnings?.length > 0 && html`<ul>${found.warnings.map((w) => html`<li>${typeof w === 'string' ? w
      : `${w.line ? `Line ${w.line}: ` : ''}${w.message}`}</li>`)}</ul>`}</div>`;
}

// State that both kinds share: what the last check or solve said.
function useOutcome() {
  const [state, setState] = useState({ faults: [], error: null, checked: null });
  return {
    ...state,
    clear: () => setState({ faults: [], error: null, checked: null }),
    fault: (faults) => setState({ faults, error: null, checked: null }),
    fail: (error) => setState({ faults: [], error, checked: null }),
    pass: (checked) => setState({ faults: [], error: null, checked }),
  };
}

function Flat() {
  const [text, setText] = useText('flat', examples.flat[0].text);
  const outcome = useOutcome();
  const area = useRef(null);
  const failed = (error) => {
    if (![400, 422].includes(error.status)) return outcome.fail(error);
    const faults = error.faults.length ? error.faults : [{ pointer: '', message: error.message }];
    return outcome.fault(placeFaults(text, faults));
  };
  const sound = () => {
    const fault = jsonFault(text);
    if (fault) outcome.fault([fault]);
    return !fault;
  };
  const check = async () => {
    if (!sound()) return;
    const verdict = await post('/solve/validate', text);
    if (verdict.valid) return outcome.pass(verdict);
    outcome.fault(placeFaults(text, verdict.errors.map((line) => {
      const [, pointer = '', message = line] = /^(\/\S*): (.*)$/s.exec(line) ?? [];
      return { pointer, message };
    })));
  };
  const solve = async () => {
    if (!sound()) return;
    const made = await post('/solve/async', text);
    go(['executions', made.execution_id]);
  };
  return html`<div class="card stack">
    <div class="card-head"><h2>Problem as JSON</h2><${Examples} list=${examples.flat} onPick=${(e) => { setText(e.text); outcome.clear(); }} /></div>
    <p class="small muted">Variables with bounds, an objective and constraints, each an expression such as${' '}
      <code>${'2*chairs + 3*tables <= 240'}</code>. This is the body of <code>POST /api/v2/solve</code>.</p>
    <${Code} label="Problem as JSON" value=${text} onChange=${(next) => { setText(next); outcome.clear(); }} rows=${20}
      inputRef=${area} marks=${outcome.faults.map((f) => f.line).filter(Boolean)} />
    <${LineFaults} faults=${outcome.faults} areaRef=${area} /><${Trouble} error=${outcome.error} /><${Checked} found=${outcome.checked} />
    <div class="row"><${Action} class="primary" run=${solve} failed=${failed} busy="Starting…">Solve<//>
      <${Action} run=${check} failed=${failed} busy="Checking…">Check<//></div>
  </div>`;
}

function MathProg() {
  const [model, setModel] = useText('model', examples.mathprog[0].text);
  const [data, setData] = useText('data', examples.mathprog[0].data);
  const outcome = useOutcome();
  const modelArea = useRef(null);
  const dataArea = useRef(null);
  const [kept, setKept] = useState('');
  const failed = (error) => {
    if (![400, 422].includes(error.status)) return outcome.fail(error);
    return outcome.fault(error.faults.length ? error.faults : [{ message: error.message }]);
  };
  const body = () => ({ model, ...(data.trim() ? { data } : {}) });
  const check = async () => outcome.pass(await post('/solve/mathprog/check', body()));
  const solve = async () => {
    const made = await post('/solve/mathprog', { ...body(), async_mode: true });
    go(['executions', made.execution_id]);
  };
  const keep = async () => {
    const saved = await post('/models', {
      name: kept.trim(), generator_type: 'template', language: 'mathprog', ...body(),
    });
    go(['models', saved.id]);
  };
  const edit = (set) => (next) => { set(next); outcome.clear(); };
  const inData = outcome.faults.filter((f) => f.source === 'data');
  const inModel = outcome.faults.filter((f) => f.source !== 'data');
  return html`<div class="card stack">
    <div class="card-head"><h2>MathProg model</h2><${Examples} list=${examples.mathprog}
      onPick=${(e) => { setModel(e.text); setData(e.data); outcome.clear(); }} /></div>
    <${Code} label="MathProg model" value=${model} onChange=${edit(setModel)} rows=${20} inputRef=${modelArea}
      marks=${inModel.map((f) => f.line).filter(Boolean)} />
    <${LineFaults} faults=${inModel} areaRef=${modelArea} />
    <h3>Data</h3>
    <${Code} label="MathProg data" value=${data} onChange=${edit(setData)} rows=${10} inputRef=${dataArea}
      marks=${inData.map((f) => f.line).filter(Boolean)} />
    <${LineFaults} faults=${inData} areaRef=${dataArea} /><${Trouble} error=${outcome.error} /><${Checked} found=${outcome.checked} />
    <div class="row"><${Action} class="primary" run=${solve} failed=${failed} busy="Starting…">Solve<//>
      <${Action} run=${check} failed=${failed} busy="Checking…">Check<//>
      <span class="grow"></span>
      <input style=${{ maxWidth: '220px' }} aria-label="Name of the model" placeholder="Name, to keep it" value=${kept} onInput=${(e) => setKept(e.target.value)} />
      <${Action} run=${keep} failed=${failed} disabled=${!kept.trim()}>Keep as a model<//></div>
  </div>`;
}

function Examples({ list, onPick }) {
  return html`<div class="row small"><span class="muted">Examples</span>${list.map((example) => html`
    <button type="button" class="small quiet" onClick=${() => onPick(example)}>${example.name}</button>`)}</div>`;
}

export default function Playground({ query }) {
  const language = query.language === 'mathprog' ? 'mathprog' : 'flat';
  return html`<${Screen} title="Playground" lead="Try a model of your own. Nothing is stored until you solve it."
    actions=${html`<${Segments} label="Language" value=${language} options=${[['flat', 'Flat problem'], ['mathprog', 'MathProg']]}
      onChange=${(next) => setQuery({ language: next === 'flat' ? '' : next })} />`}>
    ${language === 'flat' ? html`<${Flat} key="flat" />` : html`<${MathProg} key="mathprog" />`}
  <//>`;
}
