import {
  abs,
  add,
  div,
  type Expression,
  exp,
  log,
  mul,
  neg,
  sqrt,
  square,
} from '../../../expression/expression.js';
import { elements, fixed } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import { multiplyAlong } from './along-axis.js';
import { axis, type Importers } from './importer.js';
import { axesOf } from './shape-inputs.js';

type Unary = (x: Expression) => Expression;
const same: Unary = (x) => x;

/** Which axes are reduced and whether they stay, at length 1. */
interface Reduction {
  axes: number[];
  keepdims: boolean;
}

function reductionOf(n: NodeReader): Reduction {
  const { shape } = n.any(0);
  const given = axesOf(n) ?? [];
  const nothing = n.int('noop_with_empty_axes', 0) !== 0;
  const all = nothing ? [] : shape.map((_, i) => i);
  const axes = given.length > 0 ? given.map((a) => axis(a, shape.length)) : all;
  return { axes: [...new Set(axes)].sort((a, b) => a - b), keepdims: n.int('keepdims', 1) !== 0 };
}

const map = (n: NodeReader, x: Value, compute: Unary): Value =>
  compute === same ? x : n.pointwise([x], compute);

/** after(Σ before(x)). */
function sums(n: NodeReader, before: Unary, after: Unary): Value {
  const reduction = reductionOf(n);
  const prepared = map(n, n.tensor(0), before);
  const sum = reduction.axes.length === 0 ? prepared : n.emit('reduce_sum', [prepared], reduction);
  return map(n, sum, after);
}

function greatest(n: NodeReader, sign: Unary): Value {
  const reduction = reductionOf(n);
  const x = map(n, n.tensor(0), sign);
  return map(n, reduction.axes.length === 0 ? x : n.emit('reduce_max', [x], reduction), sign);
}

/** log Σ e^x, the greatest taken out first so that nothing overflows. */
function logSumExp(n: NodeReader): Value {
  const x = n.tensor(0);
  const { axes, keepdims } = reductionOf(n);
  if (axes.length === 0) return x;
  const top = n.emit('reduce_max', [x], { axes, keepdims: true });
  const shifted = n.pointwise([x, top], (a, b) => exp(add(a, neg(b))));
  const sum = n.emit('reduce_sum', [shifted], { axes, keepdims: true });
  const result = n.pointwise([sum, top], (s, t) => add(log(s), t));
  return keepdims
    ? result
    : n.reshape(
        result,
        x.shape.filter((_, i) => !axes.includes(i)),
      );
}

function mean(n: NodeReader): Value {
  const { axes, keepdims } = reductionOf(n);
  return meanOf(n, n.tensor(0), axes, keepdims);
}

/** The mean over axes; where one is the batch the count is only known when the program is made. */
export function meanOf(n: NodeReader, x: Value, axes: number[], keepdims = true): Value {
  if (axes.length === 0) return x;
  const reduction = { axes, keepdims };
  const sum = n.emit('reduce_sum', [x], reduction);
  const count = elements(axes.map((a) => at(x.shape, a)));
  if (typeof count === 'number') return n.pointwise([sum], (s) => mul(1 / count, s));
  const ones = n.expand(n.constant(Known.scalar('float', 1), 'one'), x.shape);
  return n.pointwise([sum, n.emit('reduce_sum', [ones], reduction)], div);
}

/** Sums, greatest elements and softmax over axes. */
export const reductions: Importers = {
  CumProd: cumulativeProduct,
  CumSum: cumulativeSum,
  ReduceL1: (n) => sums(n, abs, same),
  ReduceL2: (n) => sums(n, square, sqrt),
  ReduceLogSum: (n) => sums(n, same, log),
  ReduceLogSumExp: logSumExp,
  ReduceMax: (n) => greatest(n, same),
  ReduceMean: mean,
  ReduceMin: (n) => greatest(n, neg),
  ReduceProd: product,
  ReduceSum: (n) => sums(n, same, same),
  ReduceSumSquare: (n) => sums(n, square, same),
  LogSoftmax: (n) => softmaxOf(n, true),
  Softmax: (n) => softmaxOf(n, false),
};

/** Halves of an axis are multiplied until one element is left. */
function product(n: NodeReader): Value {
  const { axes, keepdims } = reductionOf(n);
  const x = n.tensor(0);
  const result = axes.reduce((y, along) => productAlong(n, y, along), x);
  return keepdims
    ? result
    : n.reshape(
        result,
        x.shape.filter((_, i) => !axes.includes(i)),
      );
}

function productAlong(n: NodeReader, x: Value, axis: number): Value {
  const length = fixed(x.shape[axis], 'a length that is reduced');
  if (length === 1) return x;
  const half = Math.floor(length / 2);
  const part = (start: number, count: number) =>
    n.emit('slice', [x], { axes: [axis], starts: [start], steps: [1], lengths: [count] });
  const halves = n.pointwise([part(0, half), part(half, half)], mul);
  const product = productAlong(n, halves, axis);
  return length % 2 === 0 ? product : n.pointwise([product, part(length - 1, 1)], mul);
}

/** Products of ever longer runs: those of 1, 2, 4, … elements, each of two of the length before. */
function cumulativeProduct(n: NodeReader): Value {
  const x = n.tensor(0);
  const along = axis(n.scalar(1, 0), x.shape.length);
  const length = fixed(x.shape[along], 'the length that is multiplied over');
  const reverse = n.int('reverse', 0) !== 0;
  /** What stands `by` places earlier, or later in reverse; ones beyond the end. */
  const shifted = (values: Value, by: number) => {
    const kept = { axes: [along], steps: [1], lengths: [length - by] };
    const part = n.emit('slice', [values], { ...kept, starts: [reverse ? by : 0] });
    const room = { axes: [along], steps: [1], lengths: [length], value: 1 };
    return n.emit('pad', [part], { ...room, starts: [reverse ? 0 : by] });
  };
  const isExclusive = n.int('exclusive', 0) !== 0;
  if (isExclusive && length === 1) return n.pointwise([x], (value) => add(1, mul(0, value)));
  let runs = isExclusive ? shifted(x, 1) : x;
  for (let by = 1; by < length; by *= 2) runs = n.pointwise([runs, shifted(runs, by)], mul);
  return runs;
}

/** A product with a triangle of ones. */
function cumulativeSum(n: NodeReader): Value {
  const x = n.tensor(0);
  const along = axis(n.scalar(1, 0), x.shape.length);
  const length = fixed(x.shape[along], 'the length that is summed over');
  const least = n.int('exclusive', 0) !== 0 ? 1 : 0;
  const reverse = n.int('reverse', 0) !== 0;
  const counts = (i: number, k: number) => (reverse ? k - i : i - k) >= least;
  const places = Array.from({ length }, (_, k) => k);
  const triangle = places.map((i) => places.map((k) => Number(counts(i, k))));
  return multiplyAlong(n, x, along, triangle);
}

/** Before operator set 13 over all axes from `axis` on together. */
function softmaxOf(n: NodeReader, log: boolean): Value {
  const x = n.tensor(0);
  const { shape } = x;
  const along = axis(n.int('axis', n.opset < 13 ? 1 : -1), shape.length);
  if (n.opset < 13) {
    const rows = [elements(shape.slice(0, along)), elements(shape.slice(along))];
    return n.reshape(n.emit('softmax', [n.reshape(x, rows)], { log }), shape);
  }
  return softmaxAlong(n, x, along, log);
}

/** Along one axis; the result has the name of the node's `output`-th. */
export function softmaxAlong(
  n: NodeReader,
  x: Value,
  along: number,
  log: boolean,
  output = 0,
): Value {
  const last = x.shape.length - 1;
  if (along === last) return n.emit('softmax', [x], { log }, output);
  const perm = x.shape
    .map((_, i) => i)
    .with(along, last)
    .with(last, along);
  const turned = n.emit('transpose', [x], { perm }, output);
  const made = n.emit('softmax', [turned], { log }, output);
  return n.emit('transpose', [made], { perm }, output);
}
