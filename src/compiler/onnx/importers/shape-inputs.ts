import { CompileError } from '../../compile-error.js';
import {
  BATCH,
  type Dimension,
  divide,
  elements,
  formatShape,
  type Shape,
  sameDimension,
} from '../../dimension.js';
import { at } from '../../graph.js';
import { broadcast } from '../../ops/broadcast.js';
import { type ElementKind, elementTypes } from '../element-types.js';
import type { NodeReader } from '../node-reader.js';
import { axis } from './importer.js';

/** The axes of Squeeze, Unsqueeze and reductions: an attribute in older operator sets, then an input. */
export function axesOf(n: NodeReader): number[] | undefined {
  const attribute = n.ints('axes');
  return n.has(1) ? n.numbers(1) : attribute;
}

/** Before which axis Flatten splits a shape, from 0 to the rank. */
export function splitAxis(n: NodeReader, rank: number): number {
  const split = n.int('axis', 1);
  return axis(split < 0 ? split + rank : split, rank + 1);
}

/** The shape that Reshape asks for, its 0 and −1 filled in. */
export function targetShape(n: NodeReader, from: Shape): Shape {
  const keepZero = n.int('allowzero', 0) !== 0;
  const wanted = n.has(1) ? n.integers(1).integers : (n.ints('shape') ?? []);
  const target = wanted.map((d, i) => (d === 0 && !keepZero ? at(from, i) : d));
  const holes = target.filter((d) => d === -1).length;
  if (holes > 1) throw new CompileError(`the target ${formatShape(target)} has more than one −1`);
  const rest = elements(target.filter((d) => d !== -1));
  const filled = divide(elements(from), rest);
  if (holes === 0 ? sameDimension(elements(from), rest) : filled !== undefined) {
    return target.map((d) => (d === -1 ? (filled ?? 0) : d));
  }
  throw new CompileError(
    `a tensor of shape ${formatShape(from)} cannot be reshaped to ${formatShape(target)}` +
      (divide(rest, BATCH) ? '' : '; if the batch size was fixed on export, export it as symbolic'),
  );
}

/** The order of axes of Transpose; reversed when the node names none. */
export function permutation(n: NodeReader, rank: number): number[] {
  const given = n.ints('perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  // PyTorch's older exporter counts from the end where its user does.
  const order = given.map((a) => (a < 0 ? a + rank : a));
  const sorted = order.toSorted((a, b) => a - b);
  if (order.length === rank && sorted.every((a, i) => a === i)) return order;
  throw new CompileError(`perm [${given}] is no order of ${rank} axes`);
}

/** The lengths of the outputs of Split, which add up to `total`. */
export function splitSizes(n: NodeReader, total: number): number[] {
  const attribute = n.ints('split');
  const given = n.has(1) ? n.numbers(1) : attribute;
  const parts = n.int('num_outputs', n.outputCount);
  const even = Math.ceil(total / parts);
  const sizes = given ?? Array.from({ length: parts }, (_, k) => Math.min(even, total - k * even));
  if (sizes.every((d) => d >= 0) && sizes.reduce((a, b) => a + b, 0) === total) return sizes;
  throw new CompileError(`the parts [${sizes}] do not add up to the length ${total}`);
}

/** The part of an axis that Slice takes. */
export interface Cut {
  start: number;
  step: number;
  length: number;
}

/** What Slice takes of each axis; `undefined` where it takes the whole axis. */
export function slices(n: NodeReader, from: Shape): (Cut | undefined)[] {
  const [oldStarts, oldEnds, oldAxes] = [n.ints('starts'), n.ints('ends'), n.ints('axes')];
  const starts = n.has(1) ? n.integers(1).integers : (oldStarts ?? []);
  const ends = n.has(2) ? n.integers(2).integers : (oldEnds ?? []);
  const axes = n.has(3) ? n.numbers(3) : (oldAxes ?? starts.map((_, i) => i));
  const steps = n.has(4) ? n.numbers(4) : starts.map(() => 1);
  const cuts = new Array<Cut | undefined>(from.length).fill(undefined);
  axes.forEach((a, i) => {
    const along = axis(a, from.length);
    cuts[along] = cut(at(from, along), at(starts, i), at(ends, i), at(steps, i));
  });
  return cuts;
}

/** An end that exporters write for that of any axis: the greatest 32-bit integer, or a greater one. */
const BEYOND = 2 ** 31 - 1;

function cut(length: Dimension, start: Dimension, end: Dimension, step: number): Cut | undefined {
  if (step === 0) throw new CompileError('a slice has step 0');
  if (typeof length !== 'number') {
    const whole = typeof end === 'number' ? end >= BEYOND : sameDimension(end, length);
    if (start === 0 && step === 1 && whole) return undefined;
    throw new CompileError('a part of the batch cannot be sliced off');
  }
  if (typeof start !== 'number' || typeof end !== 'number') {
    throw new CompileError('the ends of a slice depend on the batch size');
  }
  const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1];
  const place = (p: number) => Math.min(highest, Math.max(lowest, p < 0 ? p + length : p));
  const [first, last] = [place(start), place(end)];
  return { start: first, step, length: Math.max(0, Math.ceil((last - first) / step)) };
}

/** What Expand makes of a shape: broadcast with the shape that it is given. */
export function expandedShape(n: NodeReader, from: Shape): Shape {
  return broadcast(from, n.integers(1).integers);
}

/** The element type that an attribute names, as Cast's `to`. */
export function castTarget(n: NodeReader, attribute = 'to'): ElementKind {
  const to = n.int(attribute, 0);
  const type = elementTypes[to]?.kind;
  if (type !== undefined) return type;
  throw new CompileError(`a cast to type ${to} is not supported; export in float32`);
}
