// Numbers, times and values as people read them.
const plain = new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 });
const short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });
const coarse = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const scientific = new Intl.NumberFormat(undefined, {
  notation: 'scientific', maximumSignificantDigits: 6,
});

export function number(value) {
  if (value === null || value === undefined) return '–';
  if (typeof value !== 'number') return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e15 || size < 1e-6)) return scientific.format(value);
  return plain.format(value);
}

export const about = (value) =>
  value === null || value === undefined ? '–' : short.format(value);

export function percent(value) {
  if (value === null || value === undefined) return '–';
  return value === 0 ? '0 %' : value < 0.0001 ? '< 0.01 %' : `${coarse.format(100 * value)} %`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 0.001) return '< 1 ms';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export function ago(time, now = Date.now()) {
  const seconds = (new Date(time) - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 10) return 'just now';
  if (size < 60) return relative.format(Math.round(seconds), 'second');
  if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (size < 86400) return relative.format(Math.round(seconds / 3600), 'hour');
  if (size < 7 * 86400) return relative.format(Math.round(seconds / 86400), 'day');
  return day.format(new Date(time));
}

export const moment = (time) => day.format(new Date(time));

export const plural = (count, one, many = `${one}s`) =>
  `${number(count)} ${count === 1 ? one : many}`;

// "cost_per_unit" as "Cost per unit", "hr" as "HR".
export function title(name) {
  const words = String(name).replaceAll('_', ' ').trim();
  return words.length < 3 ? words.toUpperCase() : words.charAt(0).toUpperCase() + words.slice(1);
}

// Any JSON value in one line, cut to what a cell can show.
export function brief(value, length = 80) {
  const text = typeof value === 'string' ? value
    : typeof value === 'number' ? number(value) : JSON.stringify(value) ?? '–';
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

// "SolverOptimal" as "Solver optimal".
export const spoken = (word) => title(String(word).replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`));
