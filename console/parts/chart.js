// Small charts, drawn as SVG. Each has a text that says the same.
import { html, useEffect, useState } from './html.js';
import { about, duration } from './format.js';

// A ref for an element, and its width.
export function useWidth(fallback = 640) {
  const [element, setElement] = useState(null);
  const [width, setWidth] = useState(fallback);
  useEffect(() => {
    if (!element) return undefined;
    const watch = new ResizeObserver(([entry]) => setWidth(Math.max(220, Math.floor(entry.contentRect.width))));
    watch.observe(element);
    return () => watch.disconnect();
  }, [element]);
  return [setElement, width];
}

// The distance of two numbers; 0 where only rounding tells them apart.
const distance = (low, high) => (high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high)) ? high - low : 0);

// About `count` round numbers that span [low, high].
export function ticks(low, high, count = 4) {
  const span = distance(low, high) || Math.abs(high) || 1;
  const raw = span / count;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const size = [1, 2, 2.5, 5, 10].find((n) => n * unit >= raw) * unit;
  const list = [];
  for (let k = Math.ceil(low / size - 1e-9) || 0; k * size <= high + size * 1e-9; ++k) list.push(k * size || 0);
  return list;
}

function stairs(points, name, x, y, until) {
  let d = '';
  let last = null;
  for (const point of points) {
    const value = point[name];
    if (value === null || value === undefined) continue;
    d += last === null ? `M${x(point.time)} ${y(value)}` : `H${x(point.time)}V${y(value)}`;
    last = value;
  }
  return last === null ? '' : `${d}H${x(until)}`;
}

// The best solution and the bound over time. points: [{time, incumbent, bound}].
export function Convergence({ points, until }) {
  const [box, width] = useWidth();
  const height = 220;
  const values = points.flatMap((p) => [p.incumbent, p.bound]).filter((v) => Number.isFinite(v));
  const end = Math.max(until ?? 0, points.at(-1)?.time ?? 0, 1e-3);
  if (values.length === 0) {
    return html`<div ref=${box} class="muted" style=${{ padding: '40px 0', textAlign: 'center' }}>No solution and no bound yet.</div>`;
  }
  let low = Math.min(...values);
  let high = Math.max(...values);
  const pad = distance(low, high) * 0.08 || Math.abs(high) * 0.05 || 1;
  low -= pad;
  high += pad;
  const left = 62;
  const x = (t) => +(left + (width - left - 14) * Math.min(1, t / end)).toFixed(1);
  const y = (v) => +(12 + (height - 40) * (1 - (v - low) / (high - low))).toFixed(1);
  const last = [...points].reverse();
  const latest = (name) => last.find((p) => Number.isFinite(p[name]))?.[name];
  const text = `After ${duration(end)} the best solution is ${about(latest('incumbent'))} and the bound ${about(latest('bound'))}.`;
  return html`<figure ref=${box}>
    <svg class="chart" role="img" aria-label=${text} width=${width} height=${height} viewBox="0 0 ${width} ${height}">
      ${ticks(low, high).map((v) => html`<g key=${v}><line class="grid" x1=${left} x2=${width - 14} y1=${y(v)} y2=${y(v)} />
        <text x=${left - 8} y=${y(v) + 4} text-anchor="end">${about(v)}</text></g>`)}
      ${ticks(0, end, width > 460 ? 5 : 3).map((t) => html`<text key=${t} x=${x(t)} y=${height - 6} text-anchor="middle">${t === 0 ? '0' : duration(t)}</text>`)}
      <path class="line b" d=${stairs(points, 'bound', x, y, end)} />
      <path class="line a" d=${stairs(points, 'incumbent', x, y, end)} />
    </svg>
    <figcaption class="legend"><span><i></i>best solution</span><span><i class="b"></i>bound: nothing can be better</span></figcaption>
  </figure>`;
}

// Values by label, as horizontal bars. rows: [{label, value}]
export function Bars({ rows, name }) {
  const high = Math.max(0, ...rows.map((r) => r.value));
  const low = Math.min(0, ...rows.map((r) => r.value));
  const span = high - low || 1;
  const share = (v) => `${(100 * v) / span}%`;
  return html`<div class="bars" role="list" aria-label=${name}>${rows.map((row, i) => html`
    <div key=${i} role="listitem" style=${{ display: 'contents' }}>
      <span>${row.label}</span>
      <span class="track" aria-hidden="true"><i style=${{ left: share(Math.min(row.value, 0) - low), width: share(Math.abs(row.value)) }}></i></span>
      <span class="num">${about(row.value)}</span></div>`)}</div>`;
}

// Values over an ordered index (hours, periods), as columns.
export function Columns({ rows, name }) {
  const [box, width] = useWidth();
  const height = 200;
  const high = Math.max(0, ...rows.map((r) => r.value));
  const low = Math.min(0, ...rows.map((r) => r.value));
  const left = 52;
  const room = (width - left - 6) / rows.length;
  const y = (v) => 10 + (height - 36) * (1 - (v - low) / (high - low || 1));
  const every = Math.ceil(rows.length / Math.max(1, Math.floor((width - left) / 34)));
  return html`<figure ref=${box}><svg class="chart" role="img" width=${width} height=${height} viewBox="0 0 ${width} ${height}"
      aria-label="${name}: ${rows.slice(0, 40).map((r) => `${r.label} ${about(r.value)}`).join(', ')}">
    ${ticks(low, high).map((v) => html`<g key=${v}><line class="grid" x1=${left} x2=${width} y1=${y(v)} y2=${y(v)} />
      <text x=${left - 8} y=${y(v) + 4} text-anchor="end">${about(v)}</text></g>`)}
    ${rows.map((row, i) => html`<g key=${i}>
      <rect class="bar" x=${left + i * room + room * 0.12} width=${Math.max(1, room * 0.76)} y=${Math.min(y(row.value), y(0))}
        height=${Math.abs(y(row.value) - y(0))} rx=${Math.min(3, room / 5)}><title>${row.label}: ${about(row.value)}</title></rect>
      ${i % every === 0 && html`<text x=${left + (i + 0.5) * room} y=${height - 8} text-anchor="middle">${row.label}</text>`}</g>`)}
  </svg></figure>`;
}

const hues = 8;

// Bars on lines over a common scale. bars: [{line, label, start, end}]; equal labels share a colour.
export function Schedule({ bars, name }) {
  const [box, width] = useWidth();
  const lines = [...new Set(bars.map((bar) => bar.line))];
  const labels = [...new Set(bars.map((bar) => bar.label))];
  const low = Math.min(...bars.map((bar) => bar.start));
  const high = Math.max(...bars.map((bar) => bar.end), low + 1e-9);
  const left = Math.min(width * 0.28, 14 + 7 * Math.max(...lines.map((line) => line.length)));
  const step = lines.length > 30 ? 20 : 30;
  const total = lines.length * step;
  const x = (v) => left + (width - left - 10) * (v - low) / (high - low);
  const cut = (text, room) => (text.length * 6.4 > room ? (room > 26 ? `${text.slice(0, Math.floor(room / 6.4) - 1)}…` : '') : text);
  return html`<figure ref=${box}><svg class="chart" role="img" width=${width} height=${total + 24} viewBox="0 0 ${width} ${total + 24}"
      aria-label="${name}: ${lines.length} lines from ${about(low)} to ${about(high)}; the table says the same">
    ${ticks(low, high, width > 500 ? 8 : 4).map((v) => html`<g key=${v}><line class="grid" x1=${x(v)} x2=${x(v)} y1="0" y2=${total} />
      <text x=${x(v)} y=${total + 16} text-anchor="middle">${about(v)}</text></g>`)}
    ${lines.map((line, i) => html`<text key=${line} class="value" x="0" y=${i * step + step * 0.62}>${cut(line, left)}</text>`)}
    ${bars.map((bar, i) => {
      const [from, until] = [x(bar.start), x(bar.end)];
      const y = lines.indexOf(bar.line) * step + 3;
      return html`<g key=${i}><title>${bar.line}, ${bar.label}: ${about(bar.start)} to ${about(bar.end)}</title>
        <rect class="slot hue-${labels.indexOf(bar.label) % hues}" x=${from + 0.5} width=${Math.max(2, until - from - 1)} y=${y} height=${step - 6} rx="3" />
        <text class="inside" x=${from + 6} y=${y + (step - 6) / 2 + 4}>${cut(bar.label, until - from - 10)}</text></g>`;
    })}</svg></figure>`;
}
