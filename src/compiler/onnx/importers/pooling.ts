import {
  abs,
  add,
  type Expression,
  max,
  mul,
  pow,
  sqrt,
  square,
} from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { elements, fixed, formatShape, multiply } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import type { Pads, Pair, PoolAttributes } from '../../ops/images.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';
import { placesOfMaxima } from './max-places.js';
import { extentOf, padAlong, poolWindowsOf, TRIVIAL, type Window } from './windows.js';

export const pooling: Importers = {
  AveragePool(n) {
    const counts = n.int('count_include_pad', 0) !== 0;
    return pooled(n, poolWindowsOf(n, lengthsOf(n)), counts ? AVERAGE_WITH_PADS : AVERAGE);
  },
  GlobalAveragePool: (n) => pooled(n, whole(n), AVERAGE),
  GlobalLpPool: (n) => normPooled(n, whole(n)),
  GlobalMaxPool: (n) => pooled(n, whole(n), MAX),
  LpPool: (n) => normPooled(n, poolWindowsOf(n, lengthsOf(n))),
  MaxPool(n) {
    const columnsFirst = n.int('storage_order', 0) !== 0;
    const windows = poolWindowsOf(n, lengthsOf(n));
    const greatest = pooled(n, windows, MAX);
    return n.makes(1) ? [greatest, placesOfMaxima(n, windows, columnsFirst)] : greatest;
  },
};

/** (Σ |x|^p)^(1/p) over each window. */
function normPooled(n: NodeReader, windows: readonly Window[]): Value {
  const p = n.int('p', 2);
  const size = windows.reduce((count, { kernel }) => count * kernel, 1);
  const powers = n.pointwise([n.tensor(0)], (x) => (p === 2 ? square(x) : pow(abs(x), p)));
  const means = pooledOf(n, powers, windows, AVERAGE_WITH_PADS);
  return n.pointwise([means], (mean) => {
    const sum = mul(size, mean);
    return p === 2 ? sqrt(sum) : pow(sum, 1 / p);
  });
}

/** How a kind of pool is calculated. All of them are separable: along some axes first, then along others. */
interface Pool {
  /** Of images. */
  images(n: NodeReader, x: Value, windows: readonly [Window, Window]): Value;
  /** Along one axis, of elements apart; `taps` are the elements of all windows that have the same place in them. */
  combine(a: Expression, b: Expression): Expression;
  /** What pads hold. */
  padding: number;
  /** What the combined elements of each window are multiplied by. */
  factors?(window: Window, length: number, count: number): number[];
}

const MAX: Pool = {
  images: (n, x, windows) =>
    n.emit('max_pool2d', [x], { ...attributesOf(windows, 'all'), relu: false }),
  combine: max,
  padding: -Infinity,
};

const AVERAGE: Pool = {
  images: (n, x, windows) =>
    n.emit('avg_pool2d', [x], { ...attributesOf(windows, 'all'), count_include_pad: false }),
  combine: add,
  padding: 0,
  factors: (window, length, count) =>
    Array.from({ length: count }, (_, i) => 1 / members(window, i, 0, length)),
};

const AVERAGE_WITH_PADS: Pool = {
  ...AVERAGE,
  images(n, x, windows) {
    if (windows.every(({ overhang }) => overhang === 0)) {
      const attributes = { ...attributesOf(windows, 'all'), count_include_pad: true };
      return n.emit('avg_pool2d', [x], attributes);
    }
    // Pads count, but not what windows hang over beyond them: so pads become part of the image.
    const padded = windows.reduce((y, window, k) => padAlong(n, y, 2 + k, window, 0), x);
    const attributes = { ...attributesOf(windows, 'overhang'), count_include_pad: false };
    return n.emit('avg_pool2d', [padded], attributes);
  },
  factors: (window, length, count) =>
    Array.from(
      { length: count },
      (_, i) => 1 / members(window, i, -window.before, length + window.after),
    ),
};

/** How many elements of a window lie in [start, end). */
function members(
  { kernel, stride, dilation, before }: Window,
  i: number,
  start: number,
  end: number,
) {
  const first = i * stride - before;
  return Array.from({ length: kernel }, (_, k) => first + k * dilation).filter(
    (place) => place >= start && place < end,
  ).length;
}

function attributesOf(
  [rows, columns]: readonly [Window, Window],
  which: 'all' | 'overhang',
): PoolAttributes {
  const ends = (w: Window) => (which === 'all' ? w.after + w.overhang : w.overhang);
  const starts = (w: Window) => (which === 'all' ? w.before : 0);
  const kernel: Pair = [rows.kernel, columns.kernel];
  const strides: Pair = [rows.stride, columns.stride];
  const pads: Pads = [starts(rows), starts(columns), ends(rows), ends(columns)];
  return { kernel, strides, pads };
}

/** Of sequences, images or volumes, [N, C, …]: axes with dilations first, then height and width, then depth. */
const pooled = (n: NodeReader, windows: readonly Window[], pool: Pool): Value =>
  pooledOf(n, n.tensor(0), windows, pool);

function pooledOf(n: NodeReader, input: Value, windows: readonly Window[], pool: Pool): Value {
  const isApart = ({ dilation, kernel }: Window) => dilation > 1 && kernel > 1;
  const x = windows.reduce(
    (y, window, k) => (isApart(window) ? pooledAlong(n, y, 2 + k, window, pool) : y),
    input,
  );
  const rest = windows.map((window) => (isApart(window) ? TRIVIAL : window));
  const [deep = TRIVIAL, high = TRIVIAL, wide = TRIVIAL] = [TRIVIAL, TRIVIAL, ...rest].slice(-3);
  const [batch = 1, channels = 1, ...lengths] = x.shape;
  const [depth = 1, height = 1, width = 1] = [1, 1, ...lengths].slice(-3);
  const slices = n.reshape(x, [batch, multiply(channels, depth), height, width]);
  const flat = pooledImages(n, slices, [high, wide], pool);
  const area = flat.shape.slice(2);
  const columns = n.reshape(flat, [batch, channels, depth, elements(area)]);
  const y = pooledImages(n, columns, [deep, TRIVIAL], pool);
  return n.reshape(y, [batch, channels, ...[at(y.shape, 2), ...area].slice(-lengths.length)]);
}

const isTrivial = (w: Window) => w.kernel === 1 && w.stride === 1 && w.before + w.after === 0;

function pooledImages(n: NodeReader, x: Value, windows: [Window, Window], pool: Pool): Value {
  return windows.every(isTrivial) ? x : pool.images(n, x, windows);
}

/** Elements that have the same place in their windows are a slice, with the strides of the windows. */
function pooledAlong(n: NodeReader, x: Value, axis: number, window: Window, pool: Pool): Value {
  const length = fixed(x.shape[axis], 'a length that is pooled');
  const after = window.after + window.overhang;
  const padded = padAlong(n, x, axis, { ...window, after }, pool.padding);
  const { kernel, stride, dilation } = window;
  const room = length + window.before + after - extentOf(window);
  const count = Math.floor(room / stride) + 1;
  const taps = Array.from({ length: kernel }, (_, k) =>
    n.emit('slice', [padded], {
      axes: [axis],
      starts: [k * dilation],
      steps: [stride],
      lengths: [count],
    }),
  );
  const factors = pool.factors?.(window, length, count);
  const combined = n.pointwise(taps, (...x) => x.reduce((a, b) => pool.combine(a, b)));
  if (factors === undefined) return combined;
  const column = [count, ...x.shape.slice(axis + 1).map(() => 1)];
  const known = new Known('float', column, factors);
  return n.pointwise([combined, known], mul);
}

/** A window over everything. */
const whole = (n: NodeReader): Window[] =>
  lengthsOf(n).map((length) => ({ ...TRIVIAL, kernel: length }));

function lengthsOf(n: NodeReader): number[] {
  const { shape } = n.tensor(0);
  if (shape.length >= 3 && shape.length <= 5) {
    return shape.slice(2).map((d) => fixed(d, 'a length that is pooled'));
  }
  throw new CompileError(
    `the input has shape ${formatShape(shape)}; sequences [N, C, L], images [N, C, H, W] and volumes [N, C, D, H, W] are supported`,
  );
}
