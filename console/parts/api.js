// Talking to the server: requests with the key of this tab, errors that name fields, the state of
// the connection, and live updates of a run.
import { useCallback, useEffect, useRef, useState } from './html.js';
import { createStore, useStore } from './store.js';

const root = new URL('api/v2/', document.baseURI.replace(/#.*$/, ''));
const keyName = 'solvent.key';

// The key lives in this tab alone: closing it signs out.
export const key = createStore(sessionStorage.getItem(keyName) ?? '');
key.subscribe((value) => {
  if (value) sessionStorage.setItem(keyName, value);
  else sessionStorage.removeItem(keyName);
});

// Why the sign-in screen is shown again, if there is something to say.
export const signInNote = createStore('');

export function signOut(note = '') {
  signInNote.set(note);
  key.set('');
}

export const connected = createStore(true);

export class ApiError extends Error {
  constructor(message, details) {
    super(message);
    Object.assign(this, { status: 0, code: '', faults: [], retryAfter: 0, body: {} }, details);
  }
}

function pointerOf(loc) {
  const steps = ['body', 'query', 'path'].includes(loc[0]) ? loc.slice(1) : loc;
  return steps.map((step) => '/' + String(step).replaceAll('~', '~0').replaceAll('/', '~1')).join('');
}

// "tasks[3].input_data" as a pointer.
function pointerOfPath(path) {
  return path.split(/[.[\]]+/).filter(Boolean).map((step) => '/' + step).join('');
}

// Every fault that an error body names, in one shape: pointer, message, and what else it carries
// (line, column, hint, code, excerpt ...).
function faultsOf(body) {
  const list = [body.errors, body.detail, body.details].find(Array.isArray) ?? [];
  return list.map((fault) => {
    if (typeof fault === 'string') return { pointer: '', message: fault };
    const pointer = fault.json_pointer ?? (fault.loc ? pointerOf(fault.loc)
      : fault.path ? pointerOfPath(fault.path) : '');
    return { ...fault, pointer, message: fault.message ?? fault.msg ?? '' };
  });
}

export function apiUrl(path, query = {}) {
  const url = new URL(path.replace(/^\//, ''), root);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, value);
  }
  return url;
}

// A path with its parts escaped: path`/models/${id}/schema`.
export function path(strings, ...values) {
  return String.raw({ raw: strings }, ...values.map((value) => encodeURIComponent(value)));
}

// The answer's JSON, or text for other types; throws ApiError. `as` is a key to use instead of the
// tab's.
export async function api(method, path, { body, query, headers, signal, as } = {}) {
  const credential = as ?? key.get();
  let response;
  try {
    response = await fetch(apiUrl(path, query), {
      method,
      headers: {
        ...(credential ? { Authorization: `Bearer ${credential}` } : {}),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      signal,
      cache: 'no-store',
      credentials: 'omit',
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    lostConnection();
    throw new ApiError('The server cannot be reached.', { code: 'offline' });
  }
  const text = await response.text();
  const isJson = (response.headers.get('Content-Type') ?? '').includes('json');
  const answer = isJson && text ? JSON.parse(text) : text;
  if (response.ok) return answer;
  if (response.status === 401 && as === undefined && key.get()) {
    signOut('That key is no longer accepted. Sign in with another one.');
  }
  const known = answer && typeof answer === 'object' ? answer : {};
  throw new ApiError(known.message || `The server answered with status ${response.status}.`, {
    status: response.status,
    code: known.error ?? '',
    faults: faultsOf(known),
    retryAfter: Number(response.headers.get('Retry-After')) || 0,
    requestId: known.request_id,
    body: known,
  });
}

export const get = (path, options) => api('GET', path, options);
export const post = (path, body, options) => api('POST', path, { ...options, body });

// Hands a text of the API to the browser as a file.
export async function download(path, name, type) {
  const url = URL.createObjectURL(new Blob([await get(path)], { type }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// Asks until the server answers again.
let looking = false;
async function lostConnection() {
  connected.set(false);
  if (looking) return;
  looking = true;
  for (let wait = 500; ; wait = Math.min(wait * 1.6, 8000)) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      await fetch(apiUrl('/health'), { cache: 'no-store', credentials: 'omit' });
      break;
    } catch {
      // Still away.
    }
  }
  looking = false;
  connected.set(true);
}
addEventListener('offline', lostConnection);

// What GET `path` says, read again when `path` or `query` change, when the connection comes back,
// every `every` milliseconds while the page is seen, and on reload(). A null path reads nothing.
// After a first answer, failures leave the data as they are.
export function useGet(path, { query = {}, every = 0 } = {}) {
  const [state, setState] = useState({ data: undefined, error: null, of: null });
  const url = path === null ? null : apiUrl(path, query).href;
  const online = useStore(connected);
  const current = useRef(null);

  const load = useCallback(async () => {
    if (url === null) return;
    current.current?.abort();
    const control = (current.current = new AbortController());
    try {
      const data = await get(path, { query, signal: control.signal });
      if (!control.signal.aborted) setState({ data, error: null, of: url });
    } catch (error) {
      if (control.signal.aborted || error.name === 'AbortError') return;
      setState((was) => ({ data: was.of === url ? was.data : undefined, error, of: url }));
    }
  }, [url]);

  useEffect(() => {
    if (online) load();
    return () => current.current?.abort();
  }, [load, online]);

  useEffect(() => {
    if (!every) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden && connected.get()) load();
    }, every);
    return () => clearInterval(timer);
  }, [load, every]);

  const fresh = state.of === url;
  return {
    data: fresh ? state.data : undefined,
    error: fresh ? state.error : null,
    loading: url !== null && !fresh,
    reload: load,
  };
}

// Calls `onMessage` with each message about the run, until its end or stop(). Reconnects; where
// sockets do not get through it asks every few seconds instead.
export function watchRun(id, onMessage) {
  let stopped = false;
  let socket = null;
  let timer = 0;
  let failures = 0;

  const later = (action, delay) => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(action, delay);
  };

  async function poll() {
    try {
      const task = await get(path`/solve/async/${id}`);
      onMessage({ ...task, type: task.status === 'running' ? 'progress' : 'status' });
      if (isEnd(task.status)) return stop();
    } catch (error) {
      if (error.status === 404) return stop();
    }
    return later(failures > 3 ? poll : connect, 1500);
  }

  function connect() {
    if (stopped) return;
    const url = apiUrl(path`/ws/executions/${id}`);
    url.protocol = url.protocol.replace('http', 'ws');
    let ended = false;
    try {
      socket = new WebSocket(url, ['bearer', key.get()]);
    } catch {
      failures = 9;
      later(poll, 0);
      return;
    }
    socket.onmessage = ({ data }) => {
      if (data === 'pong') return;
      failures = 0;
      const message = JSON.parse(data);
      ended ||= ['completed', 'failed', 'cancelled', 'error'].includes(message.type);
      onMessage(message);
    };
    socket.onclose = () => {
      if (stopped || ended) return;
      failures += 1;
      later(poll, Math.min(500 * 2 ** failures, 8000));
    };
  }

  function stop() {
    stopped = true;
    clearTimeout(timer);
    socket?.close();
  }

  connect();
  const ping = setInterval(() => {
    if (stopped) clearInterval(ping);
    else if (socket?.readyState === WebSocket.OPEN) socket.send('ping');
  }, 25000);
  return stop;
}

export const isEnd = (status) =>
  ['completed', 'failed', 'timeout', 'cancelled', 'validation_failed', 'skipped_overlap',
    'skipped_credits'].includes(status);
