import { add, type Expression, floor, mul, sub } from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { type Dimension, fixed, formatShape, multiply } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { type Item, Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';
import { integers, padAlong, type Window } from './windows.js';

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** How far apart elements are along each axis of an image that lies in memory by rows, or by columns. */
function stepsOf(lengths: readonly number[], columnsFirst: boolean): number[] {
  return lengths.map((_, k) => product(columnsFirst ? lengths.slice(0, k) : lengths.slice(k + 1)));
}

/**
 * Where in the whole of x[N, C, …] the first of the greatest of each window is. Elements with the same place in their
 * windows are slices; which of these is the greatest says the place, together with that of the window.
 */
export function placesOfMaxima(
  n: NodeReader,
  windows: readonly Window[],
  columnsFirst: boolean,
): Value {
  const x = n.tensor(0);
  const lengths = windows.map((_, k) => fixed(x.shape[2 + k], 'a length that is pooled'));
  const padded = windows.reduce(
    (y, window, k) =>
      padAlong(n, y, 2 + k, { ...window, after: window.after + window.overhang }, -Infinity),
    x,
  );
  const counts = windows.map(({ kernel, stride, dilation }, k) => {
    const room = fixed(padded.shape[2 + k], 'a length') - (kernel - 1) * dilation - 1;
    return Math.floor(room / stride) + 1;
  });
  const kernel = windows.map((window) => window.kernel);
  const taps = Array.from({ length: product(kernel) }, (_, tap) => {
    const place = placeOf(tap, kernel);
    const slice = n.emit('slice', [padded], {
      axes: windows.map((_, k) => 2 + k),
      starts: windows.map(({ dilation }, k) => at(place, k) * dilation),
      steps: windows.map(({ stride }) => stride),
      lengths: counts,
    });
    return n.reshape(slice, slice.shape.toSpliced(2, 0, 1));
  });
  const whole = taps.length === 1 ? at(taps, 0) : n.emit('concat', taps, { axis: 2 });
  const attributes = { axis: 2, count: 1, largest: true };
  const greatest = n.emit('top_indices', [whole], attributes, 1);
  const tap = n.reshape(greatest, greatest.shape.toSpliced(2, 1));
  const steps = stepsOf(lengths, columnsFirst);
  const starts = startsOf(x, windows, counts, steps, product(lengths));
  const offsets = windows.map(({ dilation }, k) => dilation * at(steps, k));
  const places = n.pointwise([tap, starts], (t, start) => add(start, offsetOf(t, kernel, offsets)));
  const part = multiply(at(x.shape, 1), product(lengths));
  if (typeof x.shape[0] === 'number') return n.named(places, 1);
  return n.ownPlaces(places, fixed(part, 'the elements of an example'), 1);
}

/** The position with this number, in row-major order. */
function placeOf(index: number, lengths: readonly number[]): number[] {
  return lengths.map((length, k) => Math.floor(index / product(lengths.slice(k + 1))) % length);
}

/** Where windows start, beside the image too; of a batch that is not fixed within each example. */
function startsOf(
  { shape: [batch = 1, channels] }: Value,
  windows: readonly Window[],
  counts: readonly number[],
  steps: readonly number[],
  plane: number,
): Known {
  const examples = typeof batch === 'number' ? batch : 1;
  const count = fixed(channels, 'the number of channels');
  return Known.build(
    'float',
    [examples, count, ...counts],
    ([example = 0, channel = 0, ...place]) =>
      windows.reduce<number>(
        (sum, { stride, before }, k) => sum + (at(place, k) * stride - before) * at(steps, k),
        (example * count + channel) * plane,
      ),
  );
}

/** Σ place · offset for the place with the number `tap` in a kernel. */
function offsetOf(
  tap: Expression,
  kernel: readonly number[],
  offsets: readonly number[],
): Expression {
  let [rest, sum]: [Expression, Expression] = [tap, mul(0, tap)];
  kernel.forEach((_, k) => {
    const size = product(kernel.slice(k + 1));
    const place = floor(mul(1 / size, add(rest, 0.5)));
    sum = add(sum, mul(at(offsets, k), place));
    rest = sub(rest, mul(size, place));
  });
  return sum;
}

export const maxUnpooling: Importers = {
  /** Puts elements where the maxima of a pool were. */
  MaxUnpool(n) {
    const part = n.ownPart(1);
    const [x, places] = [n.tensor(0), n.tensor(1)];
    const [batch = 1, channels = 1, ...lengths] = x.shape;
    const rank = lengths.length;
    const kernel = integers(n, 'kernel_shape', rank, undefined, 1);
    const strides = integers(n, 'strides', rank, 1, 1);
    const pads = integers(n, 'pads', 2 * rank, 0, 0);
    const pooled = lengths.map((length, k) => {
      const before = (fixed(length, 'a length') - 1) * at(strides, k) + at(kernel, k);
      return before - at(pads, k) - at(pads, rank + k);
    });
    const example = fixed(multiply(channels, product(pooled)), 'the elements of an example');
    const isOwn = part !== undefined;
    if (isOwn ? part !== example : typeof batch !== 'number') {
      throw new CompileError(
        `the places are none in ${formatShape([batch, channels, ...pooled])}: they must be those of a MaxPool of that shape`,
      );
    }
    const rows: Dimension = isOwn ? batch : 1;
    const length = isOwn ? example : example * fixed(batch, 'the batch');
    const each =
      product(lengths.map((d) => fixed(d, 'a length'))) * fixed(channels, 'the channels');
    const flat = [rows, isOwn ? each : each * fixed(batch, 'the batch')];
    const index = places.dtype === 'i32' ? places : n.emit('to_index', [places], { length });
    const inputs = [n.reshape(x, flat), n.reshape(index, flat)];
    const made = n.emit('scatter_elements', inputs, { axis: 1, length });
    const y = n.reshape(made, [batch, channels, ...pooled]);
    return n.has(2) ? grown(n, y, n.integers(2).integers.slice(2)) : y;
  },
};

/** With zeros at the ends of axes that are longer. */
function grown(n: NodeReader, y: Value, lengths: readonly Item[]): Value {
  const axes = lengths.flatMap((length, k) => (length === y.shape[2 + k] ? [] : [2 + k]));
  if (axes.length === 0) return y;
  return n.emit('pad', [y], {
    axes,
    starts: axes.map(() => 0),
    steps: axes.map(() => 1),
    lengths: axes.map((axis) => fixed(lengths[axis - 2] as Dimension, 'a length')),
    value: 0,
  });
}
