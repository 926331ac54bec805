// Models that people edit and keep in versions.
import { html, useState } from '../parts/html.js';
import { post, useGet } from '../parts/api.js';
import { go, link } from '../parts/route.js';
import { Action, Ago, Empty, Field, Loading, Modal, Screen, Table, Trouble } from '../parts/ui.js';
import { examples } from './examples.js';

const starts = {
  flat: { label: 'A flat problem', model: () => JSON.parse(examples.flat[0].text) },
  mathprog: {
    label: 'A MathProg model', model: () => ({
      generator_type: 'template', language: 'mathprog', model: examples.mathprog[0].text,
      data: examples.mathprog[0].data, input_data: {},
    }),
  },
};

function New({ onClose }) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState('flat');
  const [error, setError] = useState(null);
  const create = async () => {
    const made = await post('/builder', { name: name.trim(), model_json: starts[kind].model() });
    go(['documents', made.id]);
  };
  return html`<${Modal} title="New document" onClose=${onClose}><form class="stack" onSubmit=${(e) => e.preventDefault()}>
    <${Trouble} error=${error} />
    <${Field} label="Name">${(c) => html`<input ...${c} autofocus maxlength="255" value=${name} onInput=${(e) => setName(e.target.value)} />`}<//>
    <${Field} label="Starts as" hint="With an example in it, to be replaced by yours">${(c) => html`
      <select ...${c} value=${kind} onChange=${(e) => setKind(e.target.value)}>${Object.entries(starts).map(([id, { label }]) => html`
        <option value=${id}>${label}</option>`)}</select>`}<//>
    <div class="row end"><button type="button" onClick=${onClose}>Cancel</button>
      <${Action} type="submit" class="primary" disabled=${!name.trim()} run=${create} failed=${setError}>Create<//></div>
  </form><//>`;
}

const pageSize = 50;

export default function Documents() {
  const [creating, setCreating] = useState(false);
  const [skip, setSkip] = useState(0);
  const { data, error, reload } = useGet('/builder', { query: { skip, limit: pageSize } });
  const open = html`<button class="primary" onClick=${() => setCreating(true)}>New document</button>`;
  return html`<${Screen} title="Documents" actions=${open}
    lead="Models you edit here and keep in versions. A trigger fires one version of a document.">
    <${Trouble} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} />`}
    ${data && data.length === 0 && skip === 0 && html`<${Empty} title="No documents yet" action=${open}>
      Keep a model here, change it without fear, and put a version of it behind a trigger.<//>`}
    ${data && (data.length > 0 || skip > 0) && html`<div class="card flush"><${Table} caption="Documents" rows=${data} rowKey=${(d) => d.id} columns=${[
      { key: 'name', label: 'Name', cell: (d) => html`<a href=${link(['documents', d.id])}>${d.name}</a>` },
      { key: 'updated_at', label: 'Changed', cell: (d) => html`<${Ago} time=${d.updated_at} />` },
      { key: 'created_at', label: 'Created', cell: (d) => html`<${Ago} time=${d.created_at} />` },
    ]} /></div>`}
    ${data && (skip > 0 || data.length === pageSize) && html`<nav class="row end" aria-label="Pages">
      <button class="small" disabled=${skip === 0} onClick=${() => setSkip(Math.max(0, skip - pageSize))}>Previous</button>
      <button class="small" disabled=${data.length < pageSize} onClick=${() => setSkip(skip + pageSize)}>Next</button></nav>`}
    ${creating && html`<${New} onClose=${() => setCreating(false)} />`}
  <//>`;
}
