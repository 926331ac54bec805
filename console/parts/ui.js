// What all screens are made of.
import { html, useEffect, useId, useLayoutEffect, useRef, useState } from './html.js';
import { ago, brief, moment, number } from './format.js';
import { createStore, useStore } from './store.js';

const said = createStore('');
let clearing = 0;

// A short message that comes and goes, and is read out.
export function say(text) {
  said.set(text);
  clearTimeout(clearing);
  clearing = setTimeout(() => said.set(''), 5000);
}

export function Toast() {
  const text = useStore(said);
  return html`<div role="status" aria-live="polite">${text && html`<div class="toast">${text}</div>`}</div>`;
}

// A screen's frame: its name, what it is for, and what one can do.
export function Screen({ title, lead, back, actions, children }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = `${title} · Solvent`;
  }, [title]);
  useEffect(() => {
    // Whoever came here by a link is put at its top, unless a field took the focus already.
    const active = document.activeElement;
    if (!active || active === document.body || active.tagName === 'A') {
      heading.current?.focus({ preventScroll: true });
    }
  }, []);
  return html`
    <div class="head">
      <div>
        ${back && html`<a class="crumb" href=${back.href}>← ${back.label}</a>`}
        <h1 tabindex="-1" ref=${heading}>${title}</h1>
        ${lead && html`<div class="lead">${lead}</div>`}
      </div>
      ${actions && html`<div class="row">${actions}</div>`}
    </div>
    <div class="stack">${children}</div>`;
}

const tones = {
  completed: 'good', optimal: 'good', succeeded: 'good', delivered: 'good', active: 'good',
  DEPLOYED: 'good', enabled: 'good',
  feasible: 'info', running: 'info', time_limit: 'warn', timeout: 'warn', retrying: 'warn',
  open: 'info', dropped: 'warn', skipped_overlap: 'warn', skipped_credits: 'warn',
  cancelling: 'warn', reconciling: 'warn', infeasible: 'warn', unbounded: 'warn',
  failed: 'bad', error: 'bad', validation_failed: 'bad',
};
const words = {
  validation_failed: 'refused', DEPLOYED: 'enabled', DEACTIVATED: 'disabled',
  time_limit: 'time limit', reconciling: 'retrying', open: 'being delivered',
  skipped_overlap: 'skipped', skipped_credits: 'skipped',
};

export function Status({ value }) {
  const live = ['pending', 'queued', 'open', 'running', 'cancelling', 'retrying', 'reconciling'].includes(value);
  return html`<span class="badge ${tones[value] ?? ''} ${live ? 'live' : ''}">
    <span class="dot" aria-hidden="true"></span>${words[value] ?? value}</span>`;
}

export function Ago({ time }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 30000);
    return () => clearInterval(timer);
  }, []);
  if (!time) return html`<span class="muted">never</span>`;
  return html`<time datetime=${time} title=${moment(time)} class="nowrap">${ago(time)}</time>`;
}

const icons = {
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M6 6h7v7H6zM10 6V3H3v7h3',
};

export const Icon = ({ name }) => html`<svg viewBox="0 0 16 16" aria-hidden="true"><path d=${icons[name]} /></svg>`;

export const Loading = () => html`<p class="loading" role="status">Loading…</p>`;

export function Empty({ title, children, action }) {
  return html`<div class="empty"><h2>${title}</h2><p>${children}</p>
    ${action && html`<div class="row">${action}</div>`}</div>`;
}

// Something went wrong: what, and what to do about it.
export function Trouble({ error, retry }) {
  if (!error) return null;
  const offline = error.code === 'offline';
  const absent = error.status === 404 && error.code === 'not_found' && /no such route/.test(error.message);
  return html`<div class="note ${offline ? 'warn' : 'bad'}" role="alert">
    <strong>${absent ? 'This server does not offer that yet.' : error.message}</strong>
    ${error.code === 'insufficient_credits' && html` It needs ${number(error.body.credits_needed)} and
      ${' '}${number(error.body.credits_available)} are left. <a href="#/account">See your credits</a>.`}
    ${error.retryAfter > 0 && html` Try again in ${error.retryAfter} s.`}
    ${error.faults?.length > 0 && html`<ul>${error.faults.slice(0, 20).map((fault) => html`
      <li>${fault.pointer && html`<code>${fault.pointer}</code> `}${fault.message}${
        fault.hint && html`. ${fault.hint}`}</li>`)}</ul>`}
    ${error.requestId && html`<div class="small muted">Request ${error.requestId}</div>`}
    ${retry && html`<div class="row"><button class="small" onClick=${retry}>Try again</button></div>`}
  </div>`;
}

// A labelled control: children is a function of the attributes that tie it to its texts.
export function Field({ label, hint, faults = [], wide, children }) {
  const id = useId();
  const described = [hint && `${id}-hint`, faults.length && `${id}-fault`].filter(Boolean).join(' ');
  return html`<div class="field ${wide ? 'wide' : ''}">
    <label for=${id}>${label}</label>
    ${hint && html`<div class="hint" id="${id}-hint">${hint}</div>`}
    ${children({ id, 'aria-describedby': described || undefined,
      'aria-invalid': faults.length ? 'true' : undefined })}
    ${faults.length > 0 && html`<div class="fault" id="${id}-fault">${faults.join(' ')}</div>`}
  </div>`;
}

export function Segments({ label, options, value, onChange }) {
  return html`<div class="segments" role="group" aria-label=${label}>
    ${options.map(([id, text]) => html`<button type="button" aria-pressed=${String(value === id)}
      onClick=${() => onChange(id)}>${text}</button>`)}</div>`;
}

export function Tabs({ label, tabs, value, onChange, children }) {
  const id = useId();
  const bar = useRef(null);
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = tabs.findIndex((tab) => tab.id === value);
    const next = (at + step + tabs.length) % tabs.length;
    onChange(tabs[next].id);
    bar.current.children[next].focus();
    event.preventDefault();
  };
  return html`<div>
    <div class="tabs" role="tablist" aria-label=${label} ref=${bar} onKeyDown=${move}>
      ${tabs.map((tab) => html`<button type="button" role="tab" id="${id}-${tab.id}"
        aria-selected=${String(tab.id === value)} aria-controls="${id}-panel"
        tabindex=${tab.id === value ? 0 : -1} onClick=${() => onChange(tab.id)}>${tab.label}${
        tab.count !== undefined && html` <span class="muted">${number(tab.count)}</span>`}</button>`)}
    </div>
    <div role="tabpanel" id="${id}-panel" aria-labelledby="${id}-${value}">${children}</div>
  </div>`;
}

function compare(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

const firstRows = 100;

// columns: {key, label, number?, value?(row), cell?(row), sort? (false: not sortable)}
export function Table({ caption, columns, rows, rowKey, rowClass, sortable = true, foot }) {
  const [order, setOrder] = useState({ column: null, down: false });
  const [shown, setShown] = useState(firstRows);
  const read = (column, row) => (column.value ? column.value(row) : row[column.key]);
  const by = columns.find((column) => column.key === order.column);
  const sorted = by
    ? [...rows].sort((a, b) => (order.down ? -1 : 1) * compare(read(by, a), read(by, b)))
    : rows;
  const toggle = (column) => setOrder((was) =>
    was.column !== column.key ? { column: column.key, down: Boolean(column.number) }
      : was.down === Boolean(column.number) ? { column: column.key, down: !was.down }
        : { column: null, down: false });
  return html`<div>
    <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table>
      <caption class="sr-only">${caption}</caption>
      <thead><tr>${columns.map((column) => {
        const active = order.column === column.key;
        const direction = active ? (order.down ? 'descending' : 'ascending') : undefined;
        return html`<th scope="col" class=${column.number ? 'num' : ''} aria-sort=${direction}>
          ${sortable && column.sort !== false && column.label
            ? html`<button type="button" onClick=${() => toggle(column)}>${column.label}
                <span aria-hidden="true">${active ? (order.down ? '↓' : '↑') : ''}</span></button>`
            : column.label ?? html`<span class="sr-only">${column.name}</span>`}</th>`;
      })}</tr></thead>
      <tbody>${sorted.slice(0, shown).map((row, i) => html`
        <tr key=${rowKey ? rowKey(row) : i} class=${rowClass?.(row) ?? ''}>${columns.map((column) => html`
          <td class=${column.number ? 'num' : ''}>${column.cell ? column.cell(row)
            : column.number ? number(read(column, row)) : brief(read(column, row) ?? '–', 120)}</td>`)}</tr>`)}
      </tbody>
    </table></div>
    ${(sorted.length > shown || foot) && html`<div class="table-foot">
      <span>${sorted.length > shown ? `${number(shown)} of ${number(sorted.length)} rows` : ''}${foot}</span>
      ${sorted.length > shown && html`<button class="small" type="button"
        onClick=${() => setShown(shown + 500)}>Show more</button>`}</div>`}
  </div>`;
}

export function Pager({ data, onPage }) {
  if (!data || (data.total_pages ?? 1) <= 1) return null;
  return html`<nav class="row end" aria-label="Pages">
    <span class="muted small">Page ${data.page} of ${number(data.total_pages)}</span>
    <button class="small" disabled=${data.page <= 1} onClick=${() => onPage(data.page - 1)}>Previous</button>
    <button class="small" disabled=${data.page >= data.total_pages} onClick=${() => onPage(data.page + 1)}>Next</button>
  </nav>`;
}

export function Copy({ text, label = 'Copy' }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say('Copied');
    } catch {
      say('The browser did not allow copying; select the text instead.');
    }
  };
  return html`<button type="button" class="small" onClick=${copy}>${label}</button>`;
}

// A secret that is shown once.
export function Secret({ label, value }) {
  const id = useId();
  return html`<div class="field"><label for=${id}>${label}</label>
    <div class="secret"><input id=${id} readonly value=${value} onFocus=${(e) => e.target.select()} />
    <${Copy} text=${value} /></div></div>`;
}

export function Modal({ title, onClose, children }) {
  const dialog = useRef(null);
  const id = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    element.showModal();
    return () => element.close();
  }, []);
  return html`<dialog ref=${dialog} aria-labelledby=${id} onCancel=${(e) => { e.preventDefault(); onClose(); }}>
    <div class="dialog-head"><h2 id=${id}>${title}</h2>
      <button type="button" class="quiet icon" aria-label="Close" onClick=${onClose}><${Icon} name="close" /></button></div>
    <div class="dialog-body">${children}</div></dialog>`;
}

// A button that is busy while its action runs; `failed` gets what it throws.
export function Action({ run, failed, children, busy = 'Working…', ...rest }) {
  const [working, setWorking] = useState(false);
  const alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);
  const click = async () => {
    setWorking(true);
    try {
      await run();
    } catch (error) {
      (failed ?? ((e) => say(e.message)))(error);
    }
    if (alive.current) setWorking(false);
  };
  return html`<button type="button" ...${rest} disabled=${working || rest.disabled} onClick=${click}>${
    working ? busy : children}</button>`;
}
