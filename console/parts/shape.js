// What kind of control each part of a model's input wants: from its JSON Schema, its form field and
// its example, in this order.
//
// A shape is one of
//   {kind: 'number' | 'integer' | 'string' | 'boolean', minimum?, maximum?}   {kind: 'choice', options}
//   {kind: 'table', columns}   an array of objects       {kind: 'series', item}  an array of scalars
//   {kind: 'matrix', item}     an array of arrays        {kind: 'map', item}     an object of scalars
//   {kind: 'mapTable', columns}  an object of objects    {kind: 'group', columns}  fixed members
//   {kind: 'json'}             anything else
// and a column {name, steps, label, hint, required, shape}; steps lead to its value in a record;
// required is undefined when nothing says.
import { title } from './format.js';

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const mostSpread = 12;
const isScalar = (value) => value === null || typeof value !== 'object';

export const step = (name) => '/' + String(name).replaceAll('~', '~0').replaceAll('/', '~1');

function resolve(schema, root, depth = 0) {
  if (!isObject(schema)) return {};
  if (typeof schema.$ref !== 'string' || !schema.$ref.startsWith('#') || depth > 20) return schema;
  let at = root;
  for (const part of schema.$ref.slice(1).split('/').filter(Boolean)) {
    at = at?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return resolve(at, root, depth + 1);
}

function typeOf(schema, sample) {
  const type = Array.isArray(schema.type) ? schema.type.find((t) => t !== 'null') : schema.type;
  if (type) return type;
  if (Array.isArray(sample)) return 'array';
  if (isObject(sample)) return 'object';
  return { number: 'number', boolean: 'boolean', string: 'string' }[typeof sample];
}

// One sample that has every member that any of the samples has.
function merged(samples) {
  const all = {};
  for (const sample of samples) {
    if (!isObject(sample)) continue;
    for (const [name, value] of Object.entries(sample)) {
      if (!(name in all) || all[name] === null) all[name] = value;
    }
  }
  return all;
}

function columnsOf(schema, samples, root) {
  const sample = merged(samples);
  const known = isObject(schema.properties) ? Object.keys(schema.properties) : [];
  const names = [...known, ...Object.keys(sample).filter((name) => !known.includes(name))];
  return names.flatMap((name) => {
    const part = resolve(schema.properties?.[name], root);
    const inner = samples.map((s) => s?.[name]).filter((v) => v !== undefined);
    const column = {
      name,
      steps: [name],
      label: part.title ?? title(name),
      hint: part.description ?? '',
      required: Array.isArray(schema.required) ? schema.required.includes(name) : undefined,
      shape: shapeOf(part, inner, root),
    };
    return spread(column, inner);
  });
}

// A record inside a record, when small, becomes columns of its own.
function spread(column, samples) {
  if (column.shape.kind !== 'map') return [column];
  const names = Object.keys(merged(samples));
  if (names.length === 0 || names.length > mostSpread) return [column];
  return names.map((name) => ({
    ...column, name: `${column.name}/${name}`, steps: [...column.steps, name], required: undefined,
    label: `${column.label}: ${name}`, shape: column.shape.item,
  }));
}

// A column's value in a record, and the record with another value there (undefined takes it out).
export const read = (record, column) =>
  column.steps.reduce((at, name) => (isObject(at) ? at[name] : undefined), record);

export function write(record, { steps: [name, ...rest] }, value) {
  const next = { ...record };
  const part = rest.length ? write(isObject(next[name]) ? next[name] : {}, { steps: rest }, value) : value;
  if (part === undefined) delete next[name];
  else next[name] = part;
  return next;
}

export const pointerIn = (pointer, column) => pointer + column.steps.map(step).join('');

// `samples`: values seen at this place.
export function shapeOf(given, samples, root = {}) {
  const schema = resolve(given, root);
  const options = Array.isArray(schema.enum) ? schema.enum : undefined;
  if (options) return { kind: 'choice', options };
  const sample = samples.find((value) => value !== null && value !== undefined);
  const type = typeOf(schema, sample);
  const { minimum, maximum } = schema;
  if (type === 'number' || type === 'integer') {
    // A field called a number whose samples are texts is neither.
    if (samples.some((value) => typeof value === 'string')) return { kind: 'json' };
    return { kind: type, minimum, maximum };
  }
  if (type === 'string' || type === 'boolean') {
    return samples.every((v) => typeof v === type) ? { kind: type } : { kind: 'json' };
  }
  if (type === 'array') {
    const items = resolve(Array.isArray(schema.items) ? {} : schema.items, root);
    const inner = samples.filter(Array.isArray).flat();
    const itemType = typeOf(items, inner[0]);
    if (itemType === 'object' && inner.every(isObject)) {
      return { kind: 'table', columns: columnsOf(items, inner, root) };
    }
    if (itemType === 'array' && inner.every((row) => Array.isArray(row) && row.every(isScalar))) {
      const item = shapeOf(items.items, inner.flat(), root);
      return ['number', 'integer', 'string', 'choice'].includes(item.kind)
        ? { kind: 'matrix', item } : { kind: 'json' };
    }
    const item = shapeOf(items, inner, root);
    return ['number', 'integer', 'string', 'choice'].includes(item.kind)
      ? { kind: 'series', item } : { kind: 'json' };
  }
  if (type === 'object') {
    if (isObject(schema.properties) && schema.additionalProperties !== true
      && !isObject(schema.additionalProperties) && Object.keys(schema.properties).length > 0) {
      return { kind: 'group', columns: columnsOf(schema, samples, root) };
    }
    const inner = samples.filter(isObject).flatMap(Object.values);
    const values = resolve(schema.additionalProperties, root);
    if (inner.length > 0 && inner.every(isObject)) {
      const columns = columnsOf(values, inner, root);
      return columns.every((column) => column.shape.kind !== 'json' || columns.length < 6)
        ? { kind: 'mapTable', columns } : { kind: 'json' };
    }
    const item = shapeOf(values, inner, root);
    return ['number', 'integer', 'string', 'boolean', 'choice'].includes(item.kind)
      ? { kind: 'map', item } : { kind: 'json' };
  }
  return { kind: 'json' };
}

// The top-level members of a model's input, as columns.
export function fieldsOf({ input_fields: fields, input_schema: schema, example_input: example }) {
  const root = isObject(schema) ? schema : {};
  const named = Array.isArray(fields) ? fields.filter((field) => field?.name) : [];
  const rest = [...Object.keys(root.properties ?? {}), ...Object.keys(example ?? {})];
  const names = [...new Set([...named.map((field) => field.name), ...rest])];
  return names.map((name) => {
    const field = named.find((f) => f.name === name) ?? { required: false };
    const own = resolve(root.properties?.[name], root);
    const sample = example?.[name];
    return {
      name,
      steps: [name],
      label: field.label || own.title || title(name),
      hint: field.description || own.description || '',
      required: Array.isArray(root.required) && root.required.includes(name)
        || field.required !== false && named.some((f) => f.name === name),
      initial: field.default ?? own.default,
      shape: shapeOf({ ...withoutEmpty(field), ...own }, sample === undefined ? [] : [sample], root),
    };
  });
}

function withoutEmpty({ type, items, enum: options, minimum, maximum }) {
  const kept = {};
  for (const [name, value] of Object.entries({ type, items, enum: options, minimum, maximum })) {
    if (value !== undefined && value !== null) kept[name] = value;
  }
  return kept;
}

// Text that stands where JSON should; it stays what it is until somebody mends it.
export class Unparsed {
  constructor(text) { this.text = text; }

  toJSON() { return this.text; }
}

function scalarFault(shape, value) {
  if (value instanceof Unparsed) return 'is not valid JSON';
  if (shape.kind === 'number' || shape.kind === 'integer') {
    if (typeof value !== 'number') return 'must be a number';
    if (shape.kind === 'integer' && !Number.isInteger(value)) return 'must be a whole number';
    if (shape.minimum !== undefined && value < shape.minimum) return `must be at least ${shape.minimum}`;
    if (shape.maximum !== undefined && value > shape.maximum) return `must be at most ${shape.maximum}`;
  }
  return '';
}

// What can be seen to be wrong before anything is sent: [{pointer, message}].
export function check(columns, value, pointer = '') {
  const faults = [];
  const add = (at, message) => faults.push({ pointer: at, message });
  const members = (inner, record, at) => faults.push(...check(inner, record ?? {}, at));
  for (const column of columns) {
    const { label, required, initial, shape } = column;
    const part = read(value, column);
    const at = pointerIn(pointer, column);
    if (part === undefined || part === null) {
      if (required && initial === undefined) add(at, `${label} is required`);
      continue;
    }
    const one = (item, given, place) => {
      const fault = given === null ? '' : scalarFault(item, given);
      if (fault) add(place, `${label} ${fault}`);
    };
    switch (shape.kind) {
      case 'table':
        if (!Array.isArray(part)) add(at, `${label} must be a list`);
        else part.forEach((record, i) => members(shape.columns, record, `${at}/${i}`));
        break;
      case 'mapTable':
        if (isObject(part)) Object.entries(part).forEach(([k, record]) => members(shape.columns, record, at + step(k)));
        break;
      case 'group':
        members(shape.columns, part, at);
        break;
      case 'series':
        if (Array.isArray(part)) part.forEach((item, i) => one(shape.item, item, `${at}/${i}`));
        break;
      case 'matrix':
        if (Array.isArray(part)) part.forEach((line, i) => Array.isArray(line)
          && line.forEach((item, j) => one(shape.item, item, `${at}/${i}/${j}`)));
        break;
      case 'map':
        if (isObject(part)) Object.entries(part).forEach(([k, item]) => one(shape.item, item, at + step(k)));
        break;
      default:
        one(shape, part, at);
    }
  }
  return faults;
}
