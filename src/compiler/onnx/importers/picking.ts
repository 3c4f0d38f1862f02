import {
  add,
  div,
  type Expression,
  equal,
  less,
  max,
  min,
  mul,
  select,
} from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import {
  BATCH,
  type Dimension,
  divide,
  elements,
  fixed,
  formatShape,
  type Shape,
  sameDimension,
  sameShape,
} from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { size } from '../../ops/op-definition.js';
import { eachPosition, type Item, isRow, Known, stored } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import { axis, type Importers } from './importer.js';
import { pickOwn } from './own-places.js';

/** Operators that pick elements by indices, or put elements in their places. */
export const picking: Importers = {
  Compress(n) {
    const x = n.tensor(0);
    const along = n.hasAttribute('axis') ? axis(n.int('axis', 0), x.shape.length) : undefined;
    const from = along === undefined ? n.reshape(x, [elements(x.shape)]) : x;
    const places = n.numbers(1).flatMap((kept, k) => (kept === 0 ? [] : [k]));
    return pick(n, from, along ?? 0, Known.vector(places));
  },
  Gather(n) {
    const x = n.tensor(0);
    const along = axis(n.int('axis', 0), x.shape.length);
    const known = n.maybeKnown(1);
    if (known?.hasRows) return pickByRow(n, x, along, known);
    const part = n.ownPart(1);
    if (part !== undefined && along === 0) {
      const apart = n.reshape(x, [...partsOf(x, part), ...x.shape.slice(1)]);
      return pickOwn(n, apart, indexOf(n, part));
    }
    const length = fixed(x.shape[along], 'the length that is picked from');
    const { padding } = x;
    if (padding !== undefined && along === 0) {
      return n.emit('gather', [x, indexOf(n, length)], { axis: 0, padding });
    }
    if (known === undefined) return n.emit('gather', [x, indexOf(n, length)], { axis: along });
    return pick(n, x, along, placesOf(known, length));
  },
  GatherElements(n) {
    const table = n.maybeKnown(0);
    const rank = n.any(0).shape.length;
    const along = axis(n.int('axis', 0), rank);
    // Whatever picks from a table of one number picks that.
    if (table && isUniform(table)) {
      return Known.build(table.type, n.any(1).shape, () => table.item(0));
    }
    const x = n.tensor(0);
    if (!n.maybeKnown(1)) return pickElements(n, x, along);
    const { leading, lengths } = examples(x.shape);
    const indices = n.integers(1);
    checkExamples(indices, x, leading);
    const places = Known.build('int', indices.shape.slice(leading), (position) => {
      const index = numberOf(indices.at([...Array(leading).fill(0), ...position]));
      const place = axis(index, at(lengths, along - leading));
      return flatPlace(position.with(along - leading, place), lengths);
    });
    return pick(n, merged(n, x, leading, lengths.length), leading, places);
  },
  GatherND(n) {
    const x = n.tensor(0);
    const batchDims = n.int('batch_dims', 0);
    if (batchDims === 0 && n.ownPart(1) === 1) {
      return pickOwn(n, x, indexOf(n, fixed(x.shape[1], 'the length that is picked from')));
    }
    const indices = n.integers(1);
    const { depth, leading } = indexing(x.shape, indices, batchDims);
    const lengths = fixedLengths(x.shape.slice(leading, depth));
    const outer = indices.shape.slice(leading, -1);
    const places = Known.build('int', outer, (position) =>
      flatIndex(indices, [...Array(leading).fill(0), ...position], leading - batchDims, lengths),
    );
    return pick(n, merged(n, x, leading, lengths.length), leading, places);
  },
  OneHot(n) {
    const indices = n.any(0);
    const depth = n.scalar(1, 0);
    const [off = 0, on = 1] = n.known(2).numbers();
    const along = axis(n.int('axis', -1), indices.shape.length + 1);
    const column = n.reshape(n.tensor(0), indices.shape.toSpliced(along, 0, 1));
    const shape = Array(column.shape.length).fill(1).with(along, depth);
    const places = Known.build('int', shape, (position) => at(position, along));
    return n.pointwise([column, places], (index, place) => {
      const counted = select(less(index, 0), add(index, depth), index);
      return select(equal(counted, place), on, off);
    });
  },
  // The name before operator set 11.
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
};

/** The examples, and how long the part of each is, along the first axis. */
function partsOf(x: Value, part: number): Shape {
  const batch = divide(at(x.shape, 0), part);
  if (batch !== undefined && sameDimension(batch, BATCH)) return [batch, part];
  throw new CompileError(
    `examples have ${part} places, which ${formatShape(x.shape)} does not have`,
  );
}

function isUniform({ items }: Known): boolean {
  return items.length > 0 && Array.from(items).every((item) => item === items[0]);
}

/** By indices of the data, which may be fewer than the elements along the other axes. */
function pickElements(n: NodeReader, x: Value, along: number): Value {
  const indices = indexOf(n, fixed(x.shape[along], 'the length that is picked from'));
  const shape = indices.shape.with(along, at(x.shape, along));
  return n.emit('gather_elements', [resized(n, 'slice', x, shape), indices], { axis: along });
}

/** The first elements of `x` along each axis, or zeros behind them. */
function resized(n: NodeReader, kind: 'slice' | 'pad', x: Value, shape: Shape): Value {
  const changed = shape.flatMap((length, axis) =>
    sameDimension(length, at(x.shape, axis)) ? [] : [axis],
  );
  if (changed.length === 0) return x;
  const window = {
    axes: changed,
    starts: changed.map(() => 0),
    steps: changed.map(() => 1),
    lengths: fixedLengths(changed.map((axis) => at(shape, axis))),
  };
  return kind === 'slice'
    ? n.emit('slice', [x], window)
    : n.emit('pad', [x], { ...window, value: 0 });
}

/** Indices of the data; those that are calculated from it are floats that happen to be whole. */
function indexOf(n: NodeReader, length: number): Value {
  const indices = n.tensor(1);
  return indices.dtype === 'i32' ? indices : n.emit('to_index', [indices], { length });
}

/** Slices of `x` along an axis; places that are all the same along the batch are picked once. */
export function pick(n: NodeReader, x: Value, along: number, places: Known): Value {
  const numbers = places.numbers();
  const [start = 0] = numbers;
  const lengths = stored(places.shape);
  const rest = (middle: Shape) => x.shape.toSpliced(along, 1, ...middle);
  const step = (numbers[1] ?? start + 1) - start;
  const follow =
    numbers.length > 0 && step !== 0 && numbers.every((place, k) => place === start + k * step);
  const window = { axes: [along], starts: [start], steps: [step], lengths: [numbers.length] };
  const picked = follow
    ? n.reshape(
        step === 1 && x.shape[along] === numbers.length ? x : n.emit('slice', [x], window),
        rest(lengths),
      )
    : n.emit('gather', [x, n.constant(new Known('int', lengths, numbers))], { axis: along });
  return n.expand(picked, rest(places.shape));
}

function placesOf(indices: Known, length: number): Known {
  const places = () => indices.numbers().map((index) => axis(index, length));
  return new Known('int', indices.shape, places);
}

/** Along the batch, where every example picks of what is its own part of the axis. */
function pickByRow(n: NodeReader, x: Value, along: number, indices: Known): Value {
  const part = divide(at(x.shape, along), BATCH);
  const [batch, ...others] = indices.shape;
  const places = Array.from(indices.items, (item) =>
    isRow(item) && item.row === part && item.plus >= 0 && item.plus < part ? item.plus : undefined,
  );
  const known = places.filter((place) => place !== undefined);
  const isOwn =
    known.length === places.length && batch !== undefined && sameDimension(batch, BATCH);
  if (!isOwn || typeof part !== 'number') {
    throw new CompileError('examples of a batch can pick from their own part of it alone');
  }
  const apart = n.reshape(x, x.shape.toSpliced(along, 1, BATCH, part));
  return pick(n, apart, along + 1, new Known('int', others, known));
}

/** How many axes before the others are the batch, and the lengths of the others. */
function examples(shape: Shape): { leading: number; lengths: number[] } {
  const leading = typeof shape[0] === 'number' ? 0 : 1;
  return { leading, lengths: fixedLengths(shape.slice(leading)) };
}

function checkExamples(indices: Known, { shape }: Value, leading: number): void {
  if (sameShape(indices.shape.slice(0, leading), shape.slice(0, leading))) return;
  throw new CompileError(
    `indices of shape ${formatShape(indices.shape)} must be of the whole batch, as ${formatShape(shape)} is`,
  );
}

/** How many axes the indices go over, and whether the first of them is the batch and theirs. */
function indexing(shape: Shape, indices: Known, batchDims = 0): { depth: number; leading: number } {
  const depth = fixed(indices.shape.at(-1), 'the length of an index');
  if (batchDims > 0) {
    checkShared(shape, indices, batchDims);
    return { depth: depth + batchDims, leading: batchDims };
  }
  const [batch, own] = [shape[0] ?? 1, indices.shape[0] ?? 1];
  const firsts = Array.from(indices.items).filter((_, k) => k % depth === 0);
  const isOwn = firsts.every((item) => isRow(item) && item.row === 1 && item.plus === 0);
  const leading = Number(isOwn && sameDimension(batch, BATCH) && sameDimension(own, BATCH));
  return { depth, leading };
}

/** Indices that are known must be the same all along the axes that operands have in common. */
function checkShared(shape: Shape, indices: Known, count: number): void {
  const each = size(stored(indices.shape).slice(count));
  const same = Array.from(indices.items).every((item, k) => item === indices.item(k % each));
  if (same && sameShape(shape.slice(0, count), indices.shape.slice(0, count))) return;
  throw new CompileError(
    'on data, indices must be the same all along batch_dims, and these axes of the same lengths as of the data',
  );
}

/** `x` with `count` axes from `start` on as one. */
function merged(n: NodeReader, x: Value, start: number, count: number): Value {
  if (count === 1) return x;
  return n.reshape(
    x,
    x.shape.toSpliced(start, count, elements(x.shape.slice(start, start + count))),
  );
}

/** The place, in axes of these lengths taken as one, of the index at a position, whose numbers count from `first` on. */
function flatIndex(
  indices: Known,
  position: readonly number[],
  first: number,
  lengths: readonly number[],
): number {
  const place = lengths.map((length, k) =>
    axis(numberOf(indices.at([...position, first + k])), length),
  );
  return flatPlace(place, lengths);
}

const flatPlace = (position: readonly number[], lengths: readonly number[]): number =>
  position.reduce((place, p, k) => place * at(lengths, k) + p, 0);

const fixedLengths = (shape: Shape): number[] =>
  shape.map((d: Dimension) => fixed(d, 'a length that is picked from'));

function numberOf(item: Item): number {
  if (typeof item === 'number') return item;
  throw new CompileError('an index depends on the batch size or the place along the batch');
}

/** What is scattered into the places of axes taken as one: by place the updates for it, in their order. */
interface Scatter {
  x: Value;
  updates: Value;
  /** The axis that the places and the updates are counted along. */
  along: number;
  into: readonly number[][];
}

function scatterND(n: NodeReader): Value {
  const [x, indices, updates] = [n.tensor(0), n.integers(1), n.tensor(2)];
  const { depth, leading } = indexing(x.shape, indices);
  const lengths = fixedLengths(x.shape.slice(leading, depth));
  const outer = fixedLengths(indices.shape.slice(leading, -1));
  const into = nowhere(lengths);
  eachPosition(outer, (position, k) => {
    const whole = [...Array(leading).fill(0), ...position];
    at(into, flatIndex(indices, whole, leading, lengths)).push(k);
  });
  const parts = {
    x: merged(n, x, leading, depth - leading),
    updates: merged(n, updates, leading, outer.length),
  };
  return n.reshape(scattered(n, { ...parts, along: leading, into }), x.shape);
}

/** By indices of the data. Of several updates for one place, which ONNX forbids, the mean is taken. */
function putElements(n: NodeReader, x: Value, updates: Value, along: number): Value {
  const length = fixed(x.shape[along], 'the length that is scattered into');
  const indices = indexOf(n, length);
  const sum = (values: Value) => {
    const made = n.emit('scatter_elements', [values, indices], { axis: along, length });
    return resized(n, 'pad', made, x.shape);
  };
  const name = n.string('reduction', 'none');
  if (name === 'add') return n.pointwise([x, sum(updates)], add);
  if (name !== 'none')
    throw new CompileError(`the reduction "${name}" needs indices known when compiling`);
  const one = n.constant(
    Known.build(
      'float',
      indices.shape.map(() => 1),
      () => 1,
    ),
  );
  const counts = sum(n.expand(one, indices.shape));
  return n.pointwise([x, sum(updates), counts], (old, total, count) =>
    select(count, div(total, max(count, 1)), old),
  );
}

function scatterElements(n: NodeReader): Value | Known {
  const along = axis(n.int('axis', 0), n.any(0).shape.length);
  if (putsInPlace(n, along)) return n.any(2);
  const [x, updates] = [n.tensor(0), n.tensor(2)];
  if (!n.maybeKnown(1)) return putElements(n, x, updates, along);
  const indices = n.integers(1);
  const { leading, lengths } = examples(x.shape);
  checkExamples(indices, x, leading);
  const into = nowhere(lengths);
  eachPosition(fixedLengths(indices.shape.slice(leading)), (position, k) => {
    const index = numberOf(indices.at([...Array(leading).fill(0), ...position]));
    const place = position.with(along - leading, axis(index, at(lengths, along - leading)));
    at(into, flatPlace(place, lengths)).push(k);
  });
  const count = lengths.length;
  const parts = {
    x: merged(n, x, leading, count),
    updates: merged(n, updates, leading, count),
  };
  return n.reshape(scattered(n, { ...parts, along: leading, into }), x.shape);
}

/** Whether every example's number is put into its own place. */
function putsInPlace(n: NodeReader, along: number): boolean {
  const item = n.maybeKnown(1)?.items[0];
  const { shape } = n.any(1);
  if (item === undefined || !isRow(item) || shape.length !== 1 || along !== 0) return false;
  return item.row === 1 && item.plus === 0 && n.string('reduction', 'none') === 'none';
}

const nowhere = (lengths: readonly number[]): number[][] =>
  Array.from({ length: lengths.reduce((a, b) => a * b, 1) }, () => []);

type Combine = (a: Expression, b: Expression) => Expression;

/** How updates are combined with the data, and what changes nothing. */
const REDUCTIONS: Readonly<Record<string, { combine: Combine; neutral: number }>> = {
  add: { combine: add, neutral: 0 },
  mul: { combine: mul, neutral: 1 },
  max: { combine: max, neutral: -Infinity },
  min: { combine: min, neutral: Infinity },
};

function scattered(n: NodeReader, { x, updates, along, into }: Scatter): Value {
  const name = n.string('reduction', 'none');
  const pickFrom = (first: Value, sources: readonly number[]) =>
    pick(n, n.emit('concat', [first, updates], { axis: along }), along, Known.vector(sources));
  if (name === 'none') {
    return pickFrom(
      x,
      into.map((list, place) => into.length * Number(list.length > 0) + (list.at(-1) ?? place)),
    );
  }
  const reduction = Object.hasOwn(REDUCTIONS, name) ? REDUCTIONS[name] : undefined;
  if (reduction === undefined) throw new CompileError(`the reduction "${name}" is not known`);
  const { combine, neutral } = reduction;
  const shape = x.shape.with(along, 1);
  const nothing = n.constant(new Known('float', shape, Array(size(stored(shape))).fill(neutral)));
  const rounds = Math.max(0, ...into.map((list) => list.length));
  return Array.from({ length: rounds }, (_, round) => into.map((list) => (list[round] ?? -1) + 1))
    .map((sources) => pickFrom(nothing, sources))
    .reduce((y, update) => n.pointwise([y, update], combine), x);
}
