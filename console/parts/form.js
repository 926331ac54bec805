// A form over a JSON object, made from the columns of shape.js. Every control knows its JSON
// pointer, so that a fault is shown where it is.
import { Fragment, html, useEffect, useRef, useState } from './html.js';
import { brief } from './format.js';
import { pointerIn, read, step, Unparsed, write } from './shape.js';
import { Icon } from './ui.js';

const most = 120;  // rows drawn at once

export const controlId = (pointer) => `in:${pointer}`;

// The control for `pointer`, or for the nearest thing around it; what is folded is opened.
export function focusPointer(pointer) {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const found = document.getElementById(controlId(at));
    if (found?.getAttribute('aria-expanded') === 'false') {
      found.click();
      setTimeout(() => focusPointer(pointer), 50);
      return;
    }
    if (found) {
      const target = found.matches('input, textarea, select, button') ? found
        : found.querySelector('input, textarea, select, button') ?? found;
      target.scrollIntoView({ block: 'center' });
      target.focus({ preventScroll: true });
      return;
    }
    if (at === '') return;
  }
}

const at = (faults, pointer) => faults.filter((f) => f.pointer === pointer).map((f) => f.message);
const below = (faults, pointer) => faults
  .filter((f) => f.pointer === pointer || f.pointer.startsWith(`${pointer}/`)).map((f) => f.message);

function parse(shape, text) {
  if (shape.kind === 'number' || shape.kind === 'integer') {
    const trimmed = text.trim();
    if (trimmed === '') return undefined;
    const value = Number(trimmed);
    return Number.isFinite(value) ? value : text;
  }
  if (shape.kind === 'json') {
    if (text.trim() === '') return undefined;
    try {
      return JSON.parse(text);
    } catch {
      return new Unparsed(text);
    }
  }
  return text === '' && shape.kind !== 'string' ? undefined : text;
}

function textOf(shape, value) {
  if (value === undefined || value === null) return '';
  if (value instanceof Unparsed) return value.text;
  return shape.kind === 'json' ? JSON.stringify(value) : String(value);
}

// One value. `name` is read out; `describedBy` ties it to its fault.
function Scalar({ shape, value, onChange, pointer, name, faults, describedBy, onPaste, placeholder }) {
  const [text, setText] = useState(textOf(shape, value));
  const held = useRef(value);
  useEffect(() => {
    if (!Object.is(held.current, value)) {
      held.current = value;
      setText(textOf(shape, value));
    }
  }, [value]);
  const change = (next) => {
    setText(next);
    held.current = parse(shape, next);
    onChange(held.current);
  };
  const common = {
    id: controlId(pointer),
    'aria-label': name,
    'aria-invalid': faults.length ? 'true' : undefined,
    'aria-describedby': describedBy,
  };
  if (shape.kind === 'boolean') {
    return html`<input ...${common} type="checkbox" checked=${value === true}
      onChange=${(e) => onChange(e.target.checked)} />`;
  }
  if (shape.kind === 'choice') {
    const index = shape.options.findIndex((option) => option === value);
    return html`<select ...${common} value=${String(index)}
      onChange=${(e) => onChange(shape.options[Number(e.target.value)])}>
      <option value="-1"></option>
      ${shape.options.map((option, i) => html`<option value=${String(i)}>${String(option)}</option>`)}</select>`;
  }
  if (shape.kind === 'json') {
    return html`<textarea ...${common} rows="1" spellcheck=${false} value=${text}
      onInput=${(e) => change(e.target.value)}></textarea>`;
  }
  const numeric = shape.kind === 'number' || shape.kind === 'integer';
  return html`<input ...${common} type="text" class=${numeric ? 'num' : ''} autocomplete="off"
    inputmode=${numeric ? 'decimal' : 'text'} value=${text} placeholder=${placeholder} onPaste=${onPaste}
    onInput=${(e) => change(e.target.value)} />`;
}

function Faults({ id, list }) {
  return list.length > 0 && html`<div class="fault" id=${id}>${[...new Set(list)].join('. ')}</div>`;
}

const nested = ['table', 'series', 'matrix', 'map', 'mapTable', 'group'];

// A cell of a table, with its fault below it.
function Cell({ shape, value, onChange, pointer, name, faults, onPaste }) {
  const own = shape.kind === 'json' ? below(faults, pointer) : at(faults, pointer);
  const faultId = own.length ? `fault:${pointer}` : undefined;
  return html`<td class=${shape.kind === 'boolean' ? 'position' : ''}>
    <${Scalar} shape=${shape} value=${value} onChange=${onChange} pointer=${pointer} name=${name}
      faults=${own} describedBy=${faultId} onPaste=${onPaste} />
    <${Faults} id=${faultId} list=${own} /></td>`;
}

// What a list or table inside a cell holds, in a few words.
function gist(shape, value) {
  if (value === undefined || value === null) return 'none';
  if (shape.kind === 'series' && Array.isArray(value)) return brief(value.map((v) => brief(v, 20)).join(', '), 34) || 'none';
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  const first = Array.isArray(value) && value[0] && typeof value[0] === 'object'
    ? `: ${brief(value.map((v) => Object.values(v)[0]).join(', '), 24)}` : '';
  return count === 0 ? 'none' : `${count}${first}`;
}

// A cell that opens a form of its own below its row.
function Opener({ shape, value, pointer, name, faults, open, onToggle }) {
  const wrong = below(faults, pointer).length > 0;
  return html`<td><button type="button" class="quiet small opener" id=${controlId(pointer)} aria-expanded=${String(open)}
      aria-label="${name}: ${gist(shape, value)}" onClick=${onToggle}>${gist(shape, value)} <span aria-hidden="true">${open ? '▴' : '▾'}</span></button>
    ${wrong && !open && html`<div class="fault">Something in here needs attention</div>`}</td>`;
}

const isList = (text) => /[\t\n]/.test(text.trimEnd());
const cells = (text) => text.replace(/\r/g, '').replace(/\n+$/, '').split('\n').map((l) => l.split('\t'));


function emptyRecord(columns) {
  const record = {};
  for (const { name, steps, shape } of columns) {
    if (shape.kind === 'string' && steps.length === 1) record[name] = '';
  }
  return record;
}

function RowTools({ what, onRemove, onCopy }) {
  return html`<td class="tools">
    ${onCopy && html`<button type="button" class="quiet icon" title="Duplicate" aria-label="Duplicate ${what}" onClick=${onCopy}><${Icon} name="copy" /></button>`}
    <button type="button" class="quiet icon" title="Remove" aria-label="Remove ${what}" onClick=${onRemove}><${Icon} name="close" /></button></td>`;
}

function More({ total, shown, onMore }) {
  return total > shown && html`<button type="button" class="small" onClick=${onMore}>
    Show all ${total} rows</button>`;
}

function RecordTable({ label, columns, value, onChange, pointer, faults }) {
  const [shown, setShown] = useState(most);
  const [open, setOpen] = useState('');
  const rows = Array.isArray(value) ? value : [];
  const set = (i, record) => onChange(rows.map((row, at_) => (at_ === i ? record : row)));
  const paste = (i, column) => (event) => {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (!isList(text)) return;
    event.preventDefault();
    const next = [...rows];
    cells(text).forEach((line, down) => {
      let record = next[i + down] ?? emptyRecord(columns);
      line.forEach((cell, right) => {
        const target = columns[column + right];
        if (target) record = write(record, target, parse(target.shape, cell));
      });
      next[i + down] = record;
    });
    onChange(next);
  };
  const rowFaults = (i) => faults.filter(({ pointer: p }) => p === `${pointer}/${i}`
    || p.startsWith(`${pointer}/${i}/`) && !columns.some((column) => {
      const cell = pointerIn(`${pointer}/${i}`, column);
      return p === cell || p.startsWith(`${cell}/`);
    })).map((f) => f.message);
  return html`<div class="grid-edit" id=${controlId(pointer)} tabindex="-1">
    <div class="scroll"><table aria-label=${label}>
      <thead><tr><th class="position"><span class="sr-only">Row</span></th>${columns.map((c) => html`
        <th scope="col" class=${c.shape.kind === 'number' || c.shape.kind === 'integer' ? 'num' : ''}
          title=${c.hint}>${c.label}${c.required !== false ? '' : html` <span class="muted">optional</span>`}</th>`)}
        <th><span class="sr-only">Tools</span></th></tr></thead>
      <tbody>${rows.slice(0, shown).map((row, i) => html`<${Fragment} key=${i}><tr id=${controlId(`${pointer}/${i}`)}>
        <td class="position">${i + 1}${rowFaults(i).length > 0 && html`<${Faults} list=${rowFaults(i)} />`}</td>
        ${columns.map((c, j) => nested.includes(c.shape.kind) ? html`<${Opener} key=${c.name} shape=${c.shape}
          value=${read(row, c)} pointer=${pointerIn(`${pointer}/${i}`, c)} name="${c.label}, row ${i + 1}" faults=${faults}
          open=${open === `${i}/${c.name}`} onToggle=${() => setOpen(open === `${i}/${c.name}` ? '' : `${i}/${c.name}`)} />`
    : html`<${Cell} key=${c.name} shape=${c.shape} value=${read(row, c)}
          pointer=${pointerIn(`${pointer}/${i}`, c)} name="${c.label}, row ${i + 1}" faults=${faults}
          onPaste=${paste(i, j)} onChange=${(v) => set(i, write(row, c, v))} />`)}
        <${RowTools} what="row ${i + 1}"
          onCopy=${() => onChange([...rows.slice(0, i + 1), structuredClone(row), ...rows.slice(i + 1)])}
          onRemove=${() => { setOpen(''); onChange(rows.filter((_, at_) => at_ !== i)); }} /></tr>
        ${columns.filter((c) => open === `${i}/${c.name}`).map((c) => html`<tr class="inner"><td></td><td colspan=${columns.length + 1}>
          <${Member} column=${{ ...c, label: `${c.label}, row ${i + 1}` }} value=${read(row, c)} faults=${faults}
            pointer=${pointerIn(`${pointer}/${i}`, c)} inner=${true} onChange=${(v) => set(i, write(row, c, v))} /></td></tr>`)}<//>`)}</tbody>
    </table></div>
    <div class="grid-foot"><button type="button" class="small" onClick=${() => { setShown(Infinity); onChange([...rows, emptyRecord(columns)]); }}>Add a row</button>
      <${More} total=${rows.length} shown=${shown} onMore=${() => setShown(Infinity)} />
      <span>${rows.length} rows · cells can be pasted from a spreadsheet</span></div></div>`;
}

function Series({ label, item, value, onChange, pointer, faults }) {
  const values = Array.isArray(value) ? value : [];
  const paste = (i) => (event) => {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (!isList(text)) return;
    event.preventDefault();
    const next = [...values];
    cells(text).flat().forEach((cell, k) => { next[i + k] = parse(item, cell) ?? null; });
    onChange(next);
  };
  const wrong = [...new Set(below(faults, pointer))];
  return html`<div id=${controlId(pointer)} tabindex="-1" class="stack tight">
    <div class="series" role="group" aria-label=${label}>${values.map((v, i) => html`
      <label key=${i}>${i + 1}<${Scalar} shape=${item} value=${v} pointer=${`${pointer}/${i}`}
        name="${label}, ${i + 1}" faults=${at(faults, `${pointer}/${i}`)} onPaste=${paste(i)}
        onChange=${(next) => onChange(values.map((old, k) => (k === i ? next ?? null : old)))} /></label>`)}</div>
    <${Faults} list=${wrong} />
    <div class="row small muted">
      <button type="button" class="small" onClick=${() => onChange([...values, item.kind === 'string' ? '' : 0])}>Add a value</button>
      ${values.length > 0 && html`<button type="button" class="small" onClick=${() => onChange(values.slice(0, -1))}>Remove the last</button>`}
      ${values.length} values</div></div>`;
}

function Matrix({ label, item, value, onChange, pointer, faults }) {
  const rows = Array.isArray(value) ? value : [];
  const width = rows.reduce((w, row) => Math.max(w, Array.isArray(row) ? row.length : 0), 0);
  const set = (i, j, v) => onChange(rows.map((row, k) => (k !== i ? row
    : row.map((old, l) => (l === j ? v ?? null : old)))));
  const paste = (i, j) => (event) => {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (!isList(text)) return;
    event.preventDefault();
    const next = rows.map((row) => [...row]);
    cells(text).forEach((line, down) => line.forEach((cell, right) => {
      next[i + down] ??= Array(width).fill(0);
      next[i + down][j + right] = parse(item, cell) ?? null;
    }));
    onChange(next);
  };
  return html`<div class="grid-edit" id=${controlId(pointer)} tabindex="-1">
    <div class="scroll"><table aria-label=${label}>
      <thead><tr><th></th>${Array.from({ length: width }, (_, j) => html`<th scope="col" class="num">${j + 1}</th>`)}
        <th><span class="sr-only">Tools</span></th></tr></thead>
      <tbody>${rows.map((row, i) => html`<tr key=${i}><th scope="row" class="position">${i + 1}</th>
        ${(Array.isArray(row) ? row : []).map((v, j) => html`<${Cell} key=${j} shape=${item} value=${v}
          pointer=${`${pointer}/${i}/${j}`} name="${label}, row ${i + 1}, column ${j + 1}" faults=${faults}
          onPaste=${paste(i, j)} onChange=${(next) => set(i, j, next)} />`)}
        ${Array.from({ length: width - (row?.length ?? 0) }, () => html`<td></td>`)}
        <${RowTools} what="row ${i + 1}" onRemove=${() => onChange(rows.filter((_, k) => k !== i))} /></tr>`)}
      </tbody></table></div>
    <div class="grid-foot"><div class="row">
      <button type="button" class="small" onClick=${() => onChange([...rows, Array(Math.max(width, 1)).fill(0)])}>Add a row</button>
      <button type="button" class="small" onClick=${() => onChange(rows.map((row) => [...row, 0]))}>Add a column</button>
      ${width > 1 && html`<button type="button" class="small" onClick=${() => onChange(rows.map((row) => row.slice(0, width - 1)))}>Remove the last column</button>`}</div>
      <span>${rows.length} × ${width}</span></div></div>`;
}

// An object by name: rows of a key and a value, or a key and a record.
function MapTable({ label, columns, item, value, onChange, pointer, faults }) {
  const [entries, setEntries] = useState(() => Object.entries(value ?? {}));
  useEffect(() => {
    if (JSON.stringify(Object.fromEntries(entries)) !== JSON.stringify(value ?? {})) {
      setEntries(Object.entries(value ?? {}));
    }
  }, [value]);
  const set = (next) => {
    setEntries(next);
    onChange(Object.fromEntries(next));
  };
  const twice = new Set(entries.map(([k]) => k).filter((k, i, all) => all.indexOf(k) !== i));
  const cellsOf = columns ?? [{ name: null, steps: [], label: 'Value', shape: item, required: true }];
  return html`<div class="grid-edit" id=${controlId(pointer)} tabindex="-1">
    <div class="scroll"><table aria-label=${label}>
      <thead><tr><th scope="col">Name</th>${cellsOf.map((c) => html`<th scope="col"
        class=${['number', 'integer'].includes(c.shape.kind) ? 'num' : ''} title=${c.hint}>${c.label}</th>`)}
        <th><span class="sr-only">Tools</span></th></tr></thead>
      <tbody>${entries.map(([name, part], i) => html`<tr key=${i}>
        <td><input type="text" aria-label="Name, row ${i + 1}" value=${name}
          aria-invalid=${twice.has(name) ? 'true' : undefined}
          onInput=${(e) => set(entries.map((entry, k) => (k === i ? [e.target.value, entry[1]] : entry)))} />
          <${Faults} list=${[...(twice.has(name) ? ['This name is there twice'] : []), ...at(faults, pointer + step(name))]} /></td>
        ${cellsOf.map((c) => html`<${Cell} key=${c.name} shape=${nested.includes(c.shape.kind) ? { kind: 'json' } : c.shape}
          value=${c.name === null ? part : read(part, c)}
          pointer=${pointerIn(pointer + step(name), c)}
          name="${c.label} of ${name}" faults=${c.name === null ? faults.filter((f) => f.pointer !== pointer + step(name)) : faults}
          onChange=${(v) => set(entries.map((entry, k) => (k !== i ? entry
            : [name, c.name === null ? v ?? null : write(part, c, v)])))} />`)}
        <${RowTools} what=${name} onRemove=${() => set(entries.filter((_, k) => k !== i))} /></tr>`)}
      </tbody></table></div>
    <div class="grid-foot"><button type="button" class="small"
      onClick=${() => set([...entries, [`new ${entries.length + 1}`, columns ? {} : 0]])}>Add a row</button>
      <span>${entries.length} rows</span></div></div>`;
}

function Member({ column, value, onChange, pointer, faults, inner = false }) {
  const { label, hint, required, shape, initial } = column;
  const scalar = ['number', 'integer', 'string', 'boolean', 'choice'].includes(shape.kind);
  const hintId = `hint:${pointer}`;
  const faultId = `fault:${pointer}`;
  const part = { label, value, onChange, pointer, faults };
  const own = scalar || shape.kind === 'json' ? below(faults, pointer) : at(faults, pointer);
  const describedBy = [hint && hintId, own.length && faultId].filter(Boolean).join(' ') || undefined;
  const low = Math.abs(shape.minimum) < 1e6 ? shape.minimum : undefined;
  const high = Math.abs(shape.maximum) < 1e6 ? shape.maximum : undefined;
  const range = low !== undefined && high !== undefined ? `${low} to ${high}`
    : low !== undefined && low !== 0 ? `at least ${low}` : high !== undefined ? `at most ${high}` : '';
  const usual = initial !== undefined && initial !== null && typeof initial !== 'object' ? String(initial) : undefined;
  const explained = html`${hint && html`<div class="hint" id=${hintId}>${hint}</div>`}`;
  const caption = html`${label}${required === false && html` <span class="muted small">optional</span>`}
    ${range && html` <span class="muted small">${range}</span>`}`;
  let control;
  switch (shape.kind) {
    case 'table': control = html`<${RecordTable} ...${part} columns=${shape.columns} />`; break;
    case 'series': control = html`<${Series} ...${part} item=${shape.item} />`; break;
    case 'matrix': control = html`<${Matrix} ...${part} item=${shape.item} />`; break;
    case 'map': control = html`<${MapTable} ...${part} item=${shape.item} />`; break;
    case 'mapTable': control = html`<${MapTable} ...${part} columns=${shape.columns} />`; break;
    case 'group': control = html`<${Fields} columns=${shape.columns} value=${value ?? {}}
      onChange=${onChange} pointer=${pointer} faults=${faults} />`; break;
    default: control = html`<${Scalar} ...${part} shape=${shape} faults=${own} describedBy=${describedBy} placeholder=${usual} />`;
  }
  if (scalar || shape.kind === 'json') {
    return html`<div class="field ${shape.kind === 'json' ? 'wide' : ''}">
      <label for=${controlId(pointer)}>${caption}</label>${explained}${control}
      <${Faults} id=${faultId} list=${own} /></div>`;
  }
  return html`<div class="field wide" role="group" aria-label=${label}>
    <div class=${inner ? 'label small' : 'label'}>${caption}</div>${explained}<${Faults} id=${faultId} list=${own} />${control}</div>`;
}

// The members of an object. `faults`: [{pointer, message}].
export function Fields({ columns, value, onChange, pointer = '', faults = [] }) {
  return html`<div class="fields">${columns.map((column) => html`
    <${Member} key=${column.name} column=${column} value=${read(value, column)} faults=${faults}
      pointer=${pointerIn(pointer, column)}
      onChange=${(part) => onChange(write(value, column, part))} />`)}</div>`;
}

// What is wrong, in one place, each with a way to its field.
export function FaultSummary({ faults, boxRef }) {
  if (!faults.length) return null;
  return html`<div class="note bad" role="alert" tabindex="-1" ref=${boxRef}>
    <strong>${faults.length === 1 ? 'One thing needs' : `${faults.length} things need`} attention before this can run.</strong>
    <ul>${faults.slice(0, 25).map((fault) => html`<li>
      <a href="#" onClick=${(e) => { e.preventDefault(); focusPointer(fault.pointer); }}>${fault.message}</a>${
      fault.pointer && html` <code class="small">${fault.pointer}</code>`}${
      fault.hint && html`<div class="small">${fault.hint}</div>`}</li>`)}</ul></div>`;
}
