// Where the page is: "#/executions?status=failed" is the screen ["executions"] with that query.
import { createStore, useStore } from './store.js';

function read() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return {
    steps: path.split('/').filter(Boolean).map(safeDecode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

function safeDecode(step) {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

export const place = createStore(read());
addEventListener('hashchange', () => place.set(read()));

export const usePlace = () => useStore(place);

export function link(steps, query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== '' && value !== undefined);
  const text = new URLSearchParams(kept).toString();
  return `#/${steps.map(encodeURIComponent).join('/')}${text ? `?${text}` : ''}`;
}

export function go(steps, query) {
  location.hash = link(steps, query);
}

// Changes parts of the query in the address without a new history entry.
export function setQuery(changes) {
  const { steps, query } = place.get();
  history.replaceState(null, '', link(steps, { ...query, ...changes }));
  place.set(read());
}
