// Text with line numbers, and faults that point at them.
import { html, useId, useRef } from './html.js';

export function Code({ label, value, onChange, rows = 16, marks = [], inputRef }) {
  const gutter = useRef(null);
  const own = useRef(null);
  const area = inputRef ?? own;
  const id = useId();
  const lines = value.split('\n').length;
  const bad = new Set(marks);
  const numbers = [];
  for (let line = 1; line <= lines; ++line) {
    numbers.push(html`<div key=${line} class=${bad.has(line) ? 'bad' : ''}>${line}</div>`);
  }
  const indent = (event) => {
    // Tab indents; Escape first lets Tab leave the field.
    if (event.key === 'Escape') area.current.dataset.leave = 'yes';
    else if (event.key === 'Tab' && !event.shiftKey && !area.current.dataset.leave) {
      event.preventDefault();
      const { selectionStart: from, selectionEnd: to } = area.current;
      area.current.setRangeText('  ', from, to, 'end');
      onChange(area.current.value);
    } else if (event.key !== 'Tab') delete area.current.dataset.leave;
  };
  return html`<div class="field">
    <label class="sr-only" for=${id}>${label}</label>
    <div class="code">
      <div class="gutter" ref=${gutter} aria-hidden="true" style=${{ height: `${rows * 1.6 * 13 + 20}px` }}>${numbers}</div>
      <textarea id=${id} ref=${area} value=${value} spellcheck=${false} autocapitalize="off" autocomplete="off"
        wrap="off" aria-invalid=${marks.length ? 'true' : undefined} aria-describedby="${id}-keys"
        style=${{ height: `${rows * 1.6 * 13 + 20}px` }} onKeyDown=${indent}
        onScroll=${(e) => { gutter.current.scrollTop = e.target.scrollTop; }}
        onInput=${(e) => onChange(e.target.value)}></textarea>
    </div>
    <span class="sr-only" id="${id}-keys">Tab indents; press Escape and then Tab to leave the field.</span>
  </div>`;
}

// Puts the cursor at a line (from 1) and column of a textarea, and shows it.
export function jumpTo(area, line, column = 1) {
  const lines = area.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const from = start + Math.min(column - 1, lines[line - 1]?.length ?? 0);
  area.focus();
  area.setSelectionRange(from, from);
  area.scrollTop = Math.max(0, (line - 4) * 1.6 * 13);
}

export function lineOf(text, offset) {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: before[before.length - 1].length + 1 };
}

// Where each value of a JSON text begins, by JSON pointer; or where the text stops being JSON.
export function locate(text) {
  const places = new Map();
  let i = 0;
  class Stop extends Error {}
  const stop = (message) => { throw new Stop(message); };
  const blank = () => { while (' \t\n\r'.includes(text[i]) && i < text.length) ++i; };
  const string = () => {
    const match = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
    match.lastIndex = i;
    const found = match.exec(text);
    if (!found) stop('this text in quotes does not end, or holds a forbidden character');
    i += found[0].length;
    return JSON.parse(found[0]);
  };
  const value = (pointer, depth) => {
    if (depth > 200) stop('too deep');
    blank();
    places.set(pointer, i);
    const c = text[i];
    if (c === '{' || c === '[') {
      const close = c === '{' ? '}' : ']';
      ++i;
      blank();
      if (text[i] === close) { ++i; return; }
      for (let n = 0; ; ++n) {
        let name = String(n);
        blank();
        if (c === '{') {
          if (text[i] !== '"') stop('a member’s name in quotes is expected here');
          name = string();
          blank();
          if (text[i] !== ':') stop('“:” is expected here');
          ++i;
        }
        value(`${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1);
        blank();
        if (text[i] === close) { ++i; return; }
        if (text[i] !== ',') stop(`“,” or “${close}” is expected here`);
        ++i;
      }
    }
    if (c === '"') { string(); return; }
    const word = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;
    word.lastIndex = i;
    const found = word.exec(text);
    if (!found) stop(i >= text.length ? 'the text ends too early' : 'a value is expected here');
    i += found[0].length;
  };
  try {
    value('', 0);
    blank();
    if (i < text.length) stop('nothing may follow the value');
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { places, fault: { message: `Not valid JSON: ${error.message}`, pointer: '', ...lineOf(text, Math.min(i, text.length)) } };
  }
  return { places, fault: null };
}

export const jsonFault = (text) => locate(text).fault;

// The faults with the line of what their pointer names, or of the nearest thing around it.
export function placeFaults(text, faults) {
  const { places } = locate(text);
  return faults.map((fault) => {
    if (fault.line) return fault;
    for (let at = fault.pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
      if (places.has(at) && at !== '') return { ...fault, ...lineOf(text, places.get(at)) };
      if (at === '') return fault;
    }
  });
}

// Faults below an editor, each a way to its line.
export function LineFaults({ faults, areaRef }) {
  if (faults.length === 0) return null;
  return html`<ul class="faults" role="alert">${faults.slice(0, 30).map((fault) => html`<li>
    ${fault.line ? html`<button type="button" onClick=${() => jumpTo(areaRef.current, fault.line, fault.column)}>Line ${fault.line}</button>: ` : ''}${
    fault.message}${fault.code && /^[A-Z]\d/.test(fault.code) && html` <span class="hint">${fault.code}</span>`}${
    fault.hint && html`<div class="hint">${fault.hint}</div>`}${
    fault.excerpt && html`<div><code>${fault.excerpt}</code></div>`}</li>`)}</ul>`;
}
