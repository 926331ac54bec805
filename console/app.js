// The console's frame: signing in, navigation, and which screen an address means. Screens are
// loaded when they are first shown.
import { html, render, useEffect, useErrorBoundary, useRef, useState } from './parts/html.js';
import { api, connected, key, signInNote, signOut, useGet } from './parts/api.js';
import { link, place, usePlace } from './parts/route.js';
import { useStore } from './parts/store.js';
import { Field, Loading, Toast } from './parts/ui.js';
import { number } from './parts/format.js';
import { theme, nextTheme } from './parts/theme.js';

// The first pattern that fits wins; ":x" takes one step of the address.
const screens = [
  ['', () => import('./screens/catalog.js')],
  ['models', () => import('./screens/catalog.js')],
  ['models/:id', () => import('./screens/model.js')],
  ['executions', () => import('./screens/executions.js')],
  ['executions/:id', () => import('./screens/run.js')],
  ['compare', () => import('./screens/compare.js')],
  ['playground', () => import('./screens/playground.js')],
  ['documents', () => import('./screens/documents.js')],
  ['documents/:id', () => import('./screens/document.js')],
  ['triggers', () => import('./screens/triggers.js')],
  ['triggers/:id', () => import('./screens/trigger.js')],
  ['jobs', () => import('./screens/jobs.js')],
  ['jobs/:name', () => import('./screens/job.js')],
  ['jobs/:name/:execution', () => import('./screens/batch.js')],
  ['notifications', () => import('./screens/notifications.js')],
  ['account', () => import('./screens/account.js')],
  ['workspace/credits', () => import('./screens/account.js')],
];

const menu = [
  ['models', 'Models'],
  ['playground', 'Playground'],
  ['executions', 'Executions'],
  ['documents', 'Documents'],
  ['triggers', 'Triggers'],
  ['jobs', 'Jobs'],
  ['notifications', 'Notifications'],
  ['account', 'Keys and credits'],
];

function match(steps) {
  for (const [pattern, load] of screens) {
    const wanted = pattern.split('/').filter(Boolean);
    if (wanted.length !== steps.length) continue;
    const parameters = {};
    const fits = wanted.every((step, i) => {
      if (!step.startsWith(':')) return step === steps[i];
      parameters[step.slice(1)] = steps[i];
      return true;
    });
    if (fits) return { pattern, load, parameters };
  }
  return null;
}

const loaded = new Map();

function Main() {
  const { steps, query } = usePlace();
  const found = match(steps);
  const [, redraw] = useState(0);
  const [failure, setFailure] = useState(null);
  const [error, recover] = useErrorBoundary();
  const address = steps.join('/');
  useEffect(() => {
    if (error) recover();
  }, [address]);
  useEffect(() => {
    if (!found || loaded.has(found.load)) return;
    setFailure(null);
    found.load().then((module) => loaded.set(found.load, module.default), setFailure)
      .finally(() => redraw((n) => n + 1));
  }, [found?.pattern]);
  if (!found) {
    return html`<div class="empty"><h1>Nothing is here</h1>
      <p>That address leads nowhere. <a href="#/">Go to the models</a>.</p></div>`;
  }
  if (error) {
    return html`<div class="note bad" role="alert"><strong>This screen failed.</strong> ${error.message}
      <div class="row"><button class="small" onClick=${recover}>Show it again</button></div></div>`;
  }
  const Found = loaded.get(found.load);
  if (failure) {
    return html`<div class="note bad" role="alert"><strong>This screen could not be loaded.</strong>
      <div class="row"><button class="small" onClick=${() => location.reload()}>Reload</button></div></div>`;
  }
  if (!Found) return html`<${Loading} />`;
  return html`<${Found} key=${address} ...${found.parameters} query=${query} />`;
}

function Badge() {
  const { data, reload } = useGet('/notifications/unread-count', { every: 20000 });
  useEffect(() => {
    addEventListener('solvent:notifications', reload);
    return () => removeEventListener('solvent:notifications', reload);
  }, [reload]);
  const count = data?.unread_count ?? 0;
  return count > 0 && html`<span class="count">${number(count)}<span class="sr-only"> unread</span></span>`;
}

function ThemeButton() {
  const chosen = useStore(theme);
  const names = { auto: 'as the system', light: 'light', dark: 'dark' };
  return html`<button class="quiet small" onClick=${nextTheme}>Colours: ${names[chosen]}</button>`;
}

function Shell() {
  const { steps } = usePlace();
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [steps.join('/')]);
  const here = steps[0] === 'compare' ? 'executions' : steps[0] === 'workspace' ? 'account'
    : steps[0] ?? 'models';
  const brand = html`<a class="brand" href="#/"><img src="console/icon.svg" alt="" />Solvent</a>`;
  const main = useRef(null);
  const skip = (event) => {
    event.preventDefault();
    main.current.focus();
  };
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <div class="shell">
      <header class="topbar">${brand}
        <button aria-expanded=${String(open)} aria-controls="menu" onClick=${() => setOpen(!open)}>Menu</button>
      </header>
      <nav class="side ${open ? 'open' : ''}" id="menu" aria-label="Main">
        ${brand}
        <ul class="nav">${menu.map(([step, label]) => html`
          <li><a href=${link([step])} aria-current=${here === step ? 'page' : undefined}>${label}${
            step === 'notifications' && html` <${Badge} />`}</a></li>`)}</ul>
        <div class="side-foot">
          <a class="small" href="docs">API documentation</a>
          <${ThemeButton} />
          <button class="quiet small" onClick=${() => signOut()}>Sign out</button>
        </div>
      </nav>
      <main id="main" tabindex="-1" ref=${main}><${Main} /></main>
    </div>`;
}

function SignIn() {
  const note = useStore(signInNote);
  const [entered, setEntered] = useState('');
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Solvent';
  }, []);
  const submit = async (event) => {
    event.preventDefault();
    const candidate = entered.trim();
    if (!candidate) return setFault('Enter an API key.');
    setBusy(true);
    try {
      await api('GET', '/models', { query: { page_size: 1 }, as: candidate });
      signInNote.set('');
      key.set(candidate);
    } catch (error) {
      setBusy(false);
      setFault(error.status === 401 ? 'The server does not know that key, or it was revoked.'
        : error.message);
    }
    return undefined;
  };
  return html`<main class="sign-in"><div class="card stack">
    <div class="row"><img src="console/icon.svg" alt="" width="34" height="34" /><h1>Solvent</h1></div>
    <p class="muted">Decisions as models, solved and checked. Sign in with an API key; it stays in
      this tab and is gone when you close it.</p>
    ${note && html`<div class="note warn" role="alert">${note}</div>`}
    <form class="stack" onSubmit=${submit} novalidate>
      <${Field} label="API key" faults=${fault ? [fault] : []}>${(control) => html`
        <input ...${control} type="password" autocomplete="off" spellcheck=${false} autofocus
          placeholder="ok_live_…" value=${entered} onInput=${(e) => { setEntered(e.target.value); setFault(''); }} />`}<//>
      <button class="primary" disabled=${busy}>${busy ? 'Signing in…' : 'Sign in'}</button>
    </form>
    <details><summary>Where do I find a key?</summary>
      <ol class="small">
        <li>A new server prints its first key where it was started, once, above the line
          “listening on”.</li>
        <li>Whoever runs the server can make another one at any time, also while it runs:
          <pre>solvent keys create --organization default --database solvent.db</pre>
          Name the server's own database file; the key is printed.</li>
        <li>Whoever is signed in can make one under “Keys and credits”.</li>
      </ol></details>
  </div></main>`;
}

function App() {
  const signedIn = useStore(key) !== '';
  const online = useStore(connected);
  return html`
    ${signedIn ? html`<${Shell} />` : html`<${SignIn} />`}
    <div aria-live="assertive">${!online && html`<div class="offline">
      <span class="badge warn live"><span class="dot"></span>Connection lost</span> Trying again…</div>`}</div>
    <${Toast} />`;
}

place.subscribe(() => scrollTo(0, 0));
render(html`<${App} />`, document.getElementById('app'));
