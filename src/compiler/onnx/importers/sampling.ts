import {
  abs,
  add,
  constant,
  div,
  type Expression,
  equal,
  floor,
  max,
  min,
  mul,
  round,
  select,
  square,
  sub,
} from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { elements, fixed, formatShape } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';

/** Operators that read images between their pixels, at places that may depend on data. */
export const sampling: Importers = {
  AffineGrid: affineGrid,
  GridSample: gridSample,
};

/** θ[N, d, d + 1] times the homogeneous places of all pixels, from −1 to 1: [N, …lengths, d], the last axis first. */
function affineGrid(n: NodeReader): Value {
  const theta = n.tensor(0);
  const [, , ...lengths] = n.integers(1).integers.map((d, k) => (k < 2 ? 1 : fixed(d, 'a length')));
  const [batch = 1, rank] = theta.shape;
  if (lengths.length !== rank || (rank !== 2 && rank !== 3)) {
    throw new CompileError(`${formatShape(theta.shape)} are no maps of ${lengths.length} axes`);
  }
  const corners = n.int('align_corners', 0) !== 0;
  const place = (k: number, length: number) =>
    corners ? (length === 1 ? 0 : (2 * k) / (length - 1) - 1) : (2 * k + 1) / length - 1;
  const count = lengths.reduce((a, b) => a * b, 1);
  const places = Known.build('float', [...lengths, rank + 1], (position) => {
    const along = rank - 1 - at(position, rank);
    return along < 0 ? 1 : place(at(position, along), at(lengths, along));
  });
  const flat = n.constant(places.reshaped([count, rank + 1]), 'places');
  const attributes = { transpose_a: false, transpose_b: true, alpha: 1 };
  return n.reshape(n.emit('matmul', [flat, theta], attributes), [batch, ...lengths, rank]);
}

type Padding = 'zeros' | 'border' | 'reflection';

/** How an axis of `length` pixels is read at a place from −1 to 1. */
interface Axis {
  length: number;
  corners: boolean;
  padding: Padding;
}

/** What is read along an axis: a pixel, and how much of it counts. */
interface Tap {
  place: Expression;
  weight: Expression;
}

/** The pixel at a place, or the fraction between two. */
const inPixels = (x: Expression, { length, corners }: Axis): Expression =>
  corners ? mul((length - 1) / 2, add(x, 1)) : mul(0.5, sub(mul(length, add(x, 1)), 1));

const inside = (place: Expression, { length }: Axis): Expression => min(max(place, 0), length - 1);

/** A place beside the axis as the padding has it. */
function padded(place: Expression, axis: Axis): Expression {
  const { length, corners, padding } = axis;
  if (padding === 'zeros') return place;
  if (padding === 'border') return inside(place, axis);
  const [low, span] = corners ? [0, length - 1] : [-0.5, length];
  if (span === 0) return mul(0, place);
  const from = abs(sub(place, low));
  const turns = floor(div(from, span));
  const rest = sub(from, mul(span, turns));
  const isBack = sub(turns, mul(2, floor(mul(0.5, turns))));
  return inside(add(low, select(isBack, sub(span, rest), rest)), axis);
}

/** Keys 1981, with PyTorch's a, at distances from 0 to 1 and from 1 to 2. */
const A = -0.75;
const near = (d: Expression): Expression => add(mul(sub(mul(A + 2, d), A + 3), square(d)), 1);
const far = (d: Expression): Expression =>
  sub(mul(add(mul(sub(mul(A, d), 5 * A), d), 8 * A), d), 4 * A);

function cubic(place: Expression, axis: Axis): Tap[] {
  const first = floor(place);
  const t = sub(place, first);
  const weights = [far(add(t, 1)), near(t), near(sub(1, t)), far(sub(2, t))];
  return weights.map((weight, k) => ({ place: padded(add(first, k - 1), axis), weight }));
}

function linear(place: Expression, axis: Axis): Tap[] {
  const x = padded(place, axis);
  const first = floor(x);
  const rest = sub(x, first);
  return [
    { place: first, weight: sub(1, rest) },
    { place: add(first, 1), weight: rest },
  ];
}

const nearest = (place: Expression, axis: Axis): Tap[] => [
  { place: round(padded(place, axis)), weight: constant(1) },
];

/** By the names of operator set 20 and those before. */
const MODES: Readonly<Record<string, (place: Expression, axis: Axis) => Tap[]>> = {
  linear,
  bilinear: linear,
  nearest,
  cubic,
  bicubic: cubic,
};

/** The combinations of one of each list. */
const combinations = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((made, list) => made.flatMap((c) => list.map((x) => [...c, x])), [[]]);

/** x[N, C, …lengths] at the places grid[N, …, d], the last axis first: [N, C, …]. */
function gridSample(n: NodeReader): Value {
  const [x, grid] = [n.tensor(0), n.tensor(1)];
  const [batch = 1, channels = 1, ...others] = x.shape;
  const lengths = others.map((d) => fixed(d, 'a length that is sampled'));
  const rank = lengths.length;
  if (grid.shape.length !== rank + 2 || grid.shape.at(-1) !== rank) {
    throw new CompileError(
      `a grid ${formatShape(grid.shape)} holds no places in ${formatShape(x.shape)}`,
    );
  }
  const taps = chosen(MODES, n.string('mode', 'linear'), 'mode');
  const padding = chosen(PADDINGS, n.string('padding_mode', 'zeros'), 'padding_mode');
  const corners = n.int('align_corners', 0) !== 0;
  const out = grid.shape.slice(1, -1);
  const count = elements(out);
  const places = lengths.map((_, k) => {
    const cut = { axes: [rank + 1], starts: [rank - 1 - k], steps: [1], lengths: [1] };
    return n.reshape(n.emit('slice', [grid], cut), [batch, 1, count]);
  });
  const axes = lengths.map((length): Axis => ({ length, corners, padding }));
  const tapsOf = (p: readonly Expression[]) =>
    combinations(axes.map((axis, k) => taps(inPixels(at(p, k), axis), axis)));
  const total = lengths.reduce((a, b) => a * b, 1);
  const flat = n.reshape(x, [batch, channels, total]);
  const how = combinations(axes.map((axis) => taps(constant(0), axis))).length;
  const values = Array.from({ length: how }, (_, k) => {
    const place = n.pointwise(places, (...p) => flatPlace(at(tapsOf(p), k), axes));
    const index = n.emit('to_index', [place], { length: total });
    const indices = n.expand(index, [batch, channels, count]);
    return n.emit('gather_elements', [flat, indices], { axis: 2 });
  });
  const weights = Array.from({ length: how }, (_, k) =>
    n.pointwise(places, (...p) => weightOf(at(tapsOf(p), k), axes)),
  );
  const sum = n.pointwise([...values, ...weights], (...terms) =>
    add(...values.map((_, k) => mul(at(terms, k), at(terms, how + k)))),
  );
  return n.reshape(sum, [batch, channels, ...out]);
}

const PADDINGS: Readonly<Record<string, Padding>> = {
  zeros: 'zeros',
  border: 'border',
  reflection: 'reflection',
};

function chosen<T>(table: Readonly<Record<string, T>>, name: string, attribute: string): T {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(table).join(', ');
  throw new CompileError(`${attribute} is ${name}; it must be one of ${known}`);
}

/** The place in the flat image, of the nearest pixel where it is beside it. */
const flatPlace = (taps: readonly Tap[], axes: readonly Axis[]): Expression =>
  taps.reduce<Expression>(
    (flat, { place }, k) => add(mul(at(axes, k).length, flat), inside(place, at(axes, k))),
    constant(0),
  );

/** The product over axes; 0 beside the image. */
const weightOf = (taps: readonly Tap[], axes: readonly Axis[]): Expression =>
  mul(...taps.map(({ place, weight }, k) => mul(weight, equal(place, inside(place, at(axes, k))))));
