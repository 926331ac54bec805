// One document: its model, and its versions with what changed between them.
import { html, useEffect, useRef, useState } from '../parts/html.js';
import { api, path, post, useGet } from '../parts/api.js';
import { go, link } from '../parts/route.js';
import { brief } from '../parts/format.js';
import { Code, LineFaults, jsonFault, placeFaults } from '../parts/code.js';
import { Action, Ago, Empty, Field, Loading, Modal, Screen, Trouble, say } from '../parts/ui.js';

const lines = (text) => (Array.isArray(text) ? text.join('\n') : text ?? '');
const isTemplate = (model) => model && ('model' in model) && (model.language ?? 'mathprog') === 'mathprog';

// The parts that are edited on their own: the texts of a template, and JSON for all the rest.
function partsOf(model) {
  if (!isTemplate(model)) return { rest: JSON.stringify(model ?? {}, null, 2) };
  const { model: text, data, ...rest } = model;
  return { text: lines(text), data: lines(data), rest: JSON.stringify(rest, null, 2) };
}

const modelOf = (parts) => parts.text === undefined ? JSON.parse(parts.rest)
  : { ...JSON.parse(parts.rest), model: parts.text, ...(parts.data.trim() ? { data: parts.data } : {}) };

function Editor({ document, onSaved }) {
  const [parts, setParts] = useState(() => partsOf(document.model_json));
  const [faults, setFaults] = useState([]);
  const [error, setError] = useState(null);
  const [saved, setSaved] = useState(() => JSON.stringify(partsOf(document.model_json)));
  const areas = { text: useRef(null), data: useRef(null), rest: useRef(null) };
  const changed = JSON.stringify(parts) !== saved;
  const template = parts.text !== undefined;

  useEffect(() => {
    if (!changed) return undefined;
    const warn = (event) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [changed]);

  const edit = (part) => (text) => {
    setParts({ ...parts, [part]: text });
    setFaults([]);
    setError(null);
  };
  const sound = () => {
    const fault = jsonFault(parts.rest);
    setFaults(fault ? [{ ...fault, part: 'rest' }] : []);
    return !fault;
  };
  const failed = (problem) => {
    if (![400, 422].includes(problem.status) || problem.faults.length === 0) return setError(problem);
    return setFaults(placeFaults(parts.rest, problem.faults).map((fault) => ({
      ...fault, part: !template ? 'rest' : fault.source === 'data' ? 'data' : fault.code && fault.line ? 'text' : 'rest',
    })));
  };
  const save = async () => {
    if (!sound()) return;
    const stored = await api('PUT', path`/builder/${document.id}`, { body: { model_json: modelOf(parts) } });
    setSaved(JSON.stringify(parts));
    say('Saved');
    onSaved(stored);
  };
  const keep = async () => {
    if (!sound()) return;
    const model = modelOf(parts);
    const stored = await api('PUT', path`/builder/${document.id}`, { body: { model_json: model } });
    const version = await post(path`/builder/${document.id}/versions`, { canvas_json: document.canvas_json ?? {} });
    setSaved(JSON.stringify(parts));
    say(`Kept as version ${version.sequence}`);
    onSaved(stored);
  };
  const solve = async () => {
    if (!sound()) return;
    const model = modelOf(parts);
    const made = template
      ? await post('/solve/mathprog', { model: model.model, data: model.data, input_data: model.input_data ?? {}, name: document.name, async_mode: true })
      : await post('/solve/async', { name: document.name, ...model });
    go(['executions', made.execution_id]);
  };
  const of = (part) => faults.filter((fault) => fault.part === part);
  const editor = (part, label, rows) => html`
    <${Code} label=${label} value=${parts[part]} onChange=${edit(part)} rows=${rows} inputRef=${areas[part]}
      marks=${of(part).map((f) => f.line).filter(Boolean)} />
    <${LineFaults} faults=${of(part)} areaRef=${areas[part]} />`;
  return html`<div class="card stack">
    <div class="card-head"><h2>Model</h2><span class="small muted" role="status">${changed ? 'Not saved yet' : 'Saved'}</span></div>
    ${template ? html`${editor('text', 'MathProg model', 18)}<h3>Data</h3>${editor('data', 'MathProg data', 8)}
        <h3>Input and settings</h3>${editor('rest', 'Input and settings as JSON', 10)}`
      : editor('rest', 'Model as JSON', 22)}
    <${Trouble} error=${error} />
    <div class="row"><${Action} class="primary" run=${save} failed=${failed} disabled=${!changed}>Save<//>
      <${Action} run=${keep} failed=${failed}>Save as a version<//>
      <span class="grow"></span><${Action} run=${solve} failed=${failed} busy="Starting…">Solve<//></div>
  </div>`;
}

const marks = { added: '+', removed: '−', modified: '~' };

function Diff({ document, base, version, onClose }) {
  const { data, error } = useGet(path`/builder/${document.id}/versions/${version.id}/diff`, { query: { base: base.id } });
  const text = (value) => typeof value === 'string' ? value : brief(value, 400);
  const sections = data ? [...new Set(data.changes.map((change) => change.section))] : [];
  return html`<${Modal} title="From version ${base.sequence} to version ${version.sequence}" onClose=${onClose}><div class="stack">
    <${Trouble} error=${error} />${!data && !error && html`<${Loading} />`}
    ${data && data.changes.length === 0 && html`<${Empty} title="The same model">${data.canvas_changed ? 'Only the canvas changed.' : 'Nothing differs.'}<//>`}
    ${sections.map((section) => html`<section><h3>${section.replaceAll('_', ' ')}</h3>
      <div class="diff" tabindex="0" role="region" aria-label="Changes of ${section}">${data.changes.filter((c) => c.section === section).map((change) => html`
        ${change.kind === 'modified' && html`<div class="gap">${change.key}</div>`}
        ${change.kind !== 'added' && html`<div class="removed"><span class="sr-only">removed: </span>− ${change.kind === 'removed' && section !== 'template' ? `${change.key}: ` : ''}${text(change.before)}</div>`}
        ${change.kind !== 'removed' && html`<div class="added"><span class="sr-only">added: </span>${marks.added} ${change.kind === 'added' && section !== 'template' ? `${change.key}: ` : ''}${text(change.after)}</div>`}`)}</div></section>`)}
    ${data?.truncated && html`<p class="muted">There are more changes than shown.</p>`}
  </div><//>`;
}

function Name({ document, version, onDone, onClose }) {
  const [name, setName] = useState(version.version_name ?? '');
  const [text, setText] = useState(version.version_description ?? '');
  const [error, setError] = useState(null);
  const save = async () => {
    await api('PATCH', path`/builder/${document.id}/versions/${version.id}`, {
      body: { version_name: name.trim(), version_description: text },
    });
    onDone();
  };
  return html`<${Modal} title="Name version ${version.sequence}" onClose=${onClose}><form class="stack" onSubmit=${(e) => e.preventDefault()}>
    <${Trouble} error=${error} />
    <${Field} label="Name" hint="A named version is kept for ever">${(c) => html`<input ...${c} autofocus maxlength="255" value=${name} onInput=${(e) => setName(e.target.value)} />`}<//>
    <${Field} label="Description">${(c) => html`<textarea ...${c} maxlength="2000" value=${text} onInput=${(e) => setText(e.target.value)}></textarea>`}<//>
    <div class="row end"><button type="button" onClick=${onClose}>Cancel</button>
      <${Action} type="submit" class="primary" disabled=${!name.trim()} run=${save} failed=${setError}>Save<//></div></form><//>`;
}

function Versions({ document, stamp, onRestored }) {
  const { data, error, reload } = useGet(path`/builder/${document.id}/versions`, { query: { limit: 100 } });
  const [naming, setNaming] = useState(null);
  const [diff, setDiff] = useState(null);
  useEffect(() => { reload(); }, [stamp]);
  const restore = async (version) => {
    const answer = await post(path`/builder/${document.id}/versions/${version.id}/restore`, {
      current_canvas_json: document.canvas_json ?? {},
    });
    say(`Version ${version.sequence} is back; what was there is kept as a version`);
    onRestored(answer.document);
  };
  return html`<section class="card stack tight"><h2>Versions</h2>
    <${Trouble} error=${error} retry=${reload} />
    ${data?.length === 0 && html`<p class="muted small">None yet. “Save as a version” keeps the model as it is now.</p>`}
    <ol class="stack tight" reversed style=${{ listStyle: 'none' }}>${(data ?? []).map((version, i) => html`
      <li key=${version.id} class="stack tight" style=${{ borderTop: i ? '1px solid var(--line)' : '', paddingTop: i ? '10px' : '' }}>
        <div><strong>${version.version_name || `Version ${version.sequence}`}</strong>
          ${version.is_named && html` <span class="badge accent">v${version.sequence}</span>`}
          <div class="small muted"><${Ago} time=${version.created_at} /> · ${version.change_summary}</div>
          ${version.version_description && html`<div class="small">${version.version_description}</div>`}</div>
        <div class="row">
          ${data[i + 1] && html`<button class="small" onClick=${() => setDiff([data[i + 1], version])}
            aria-label="Changes of version ${version.sequence}">Changes</button>`}
          <button class="small" onClick=${() => setNaming(version)} aria-label="Name version ${version.sequence}">Name</button>
          <${Action} class="small" run=${() => restore(version)} aria-label="Restore version ${version.sequence}">Restore<//>
          <a class="small" href=${link(['triggers'], { document: document.id, version: version.id })}>Trigger…</a>
        </div></li>`)}</ol>
    ${naming && html`<${Name} document=${document} version=${naming} onClose=${() => setNaming(null)} onDone=${() => { setNaming(null); reload(); }} />`}
    ${diff && html`<${Diff} document=${document} base=${diff[0]} version=${diff[1]} onClose=${() => setDiff(null)} />`}
  </section>`;
}

export default function Document({ id }) {
  const { data, error, reload } = useGet(path`/builder/${id}`);
  const [current, setCurrent] = useState(null);
  const [stamp, setStamp] = useState(0);
  const [renaming, setRenaming] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const [name, setName] = useState('');
  const document = current ?? data;
  const back = { href: '#/documents', label: 'Documents' };
  if (!document) {
    return html`<${Screen} title="Document" back=${back}>${error
      ? html`<${Trouble} error=${error} retry=${reload} />` : html`<${Loading} />`}<//>`;
  }
  const rename = async () => {
    setCurrent(await api('PUT', path`/builder/${id}`, { body: { name: name.trim() } }));
    setRenaming(false);
  };
  const remove = async () => {
    await api('DELETE', path`/builder/${id}`);
    say('The document is deleted');
    go(['documents']);
  };
  return html`<${Screen} title=${document.name} back=${back}
    lead=${html`Changed <${Ago} time=${document.updated_at} />`}
    actions=${html`<button onClick=${() => { setName(document.name); setRenaming(true); }}>Rename</button>
      <button class="danger" onClick=${() => setDeleting(true)}>Delete</button>`}>
    <div class="split">
      <${Editor} key=${`${id}:${current?.restored ?? ''}`} document=${document}
        onSaved=${(next) => { setCurrent({ ...next, restored: current?.restored }); setStamp(stamp + 1); }} />
      <${Versions} document=${document} stamp=${stamp}
        onRestored=${(next) => { setCurrent({ ...next, restored: Date.now() }); setStamp(stamp + 1); }} />
    </div>
    ${renaming && html`<${Modal} title="Rename" onClose=${() => setRenaming(false)}><form class="stack" onSubmit=${(e) => e.preventDefault()}>
      <${Field} label="Name">${(c) => html`<input ...${c} autofocus maxlength="255" value=${name} onInput=${(e) => setName(e.target.value)} />`}<//>
      <div class="row end"><${Action} type="submit" class="primary" disabled=${!name.trim()} run=${rename}>Rename<//></div></form><//>`}
    ${deleting && html`<${Modal} title="Delete this document?" onClose=${() => setDeleting(false)}><div class="stack">
      <p>It disappears from the lists. Triggers on its versions go on firing.</p>
      <div class="row end"><button onClick=${() => setDeleting(false)}>Keep it</button><${Action} class="danger" run=${remove}>Delete<//></div></div><//>`}
  <//>`;
}
