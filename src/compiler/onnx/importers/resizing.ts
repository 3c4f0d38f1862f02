import { CompileError } from '../../compile-error.js';
import { fixed, type Shape } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import { multiplyAlong } from './along-axis.js';
import { axis, type Importers } from './importer.js';
import { pick } from './picking.js';

/** Operators that make images larger or smaller, one axis after the other. */
export const resizing: Importers = {
  Resize(n) {
    const x = n.tensor(0);
    const mode = n.string('mode', 'nearest');
    const resamplings = n.opset < 11 ? ofScales(n, x.shape, 1, OLD) : resamplingsOf(n, x.shape);
    return resamplings.reduce((y, r) => resampled(n, y, r, mode), x);
  },
  Upsample(n) {
    const x = n.tensor(0);
    const mode = n.string('mode', 'nearest');
    return ofScales(n, x.shape, 1, OLD).reduce((y, r) => resampled(n, y, r, mode), x);
  },
};

/** Where elements of the result lie in the tensor, and what is taken there. */
interface Rules {
  coordinates: string;
  nearest: string;
  cubicA: number;
  excludeOutside: boolean;
  extrapolation: number;
  antialias: boolean;
}

/** Before operator set 11. */
const OLD: Rules = {
  coordinates: 'asymmetric',
  nearest: 'floor',
  cubicA: -0.75,
  excludeOutside: false,
  extrapolation: 0,
  antialias: false,
};

/** How one axis is resized. */
interface Resampling extends Rules {
  along: number;
  from: number;
  to: number;
  /** How much longer it becomes; `to` is rounded. */
  scale: number;
  /** The part of the axis that is taken, as fractions of it. */
  roi: readonly [number, number];
}

function resamplingsOf(n: NodeReader, shape: Shape): Resampling[] {
  const rules: Rules = {
    coordinates: n.string('coordinate_transformation_mode', 'half_pixel'),
    nearest: n.string('nearest_mode', 'round_prefer_floor'),
    cubicA: n.float('cubic_coeff_a', -0.75),
    excludeOutside: n.int('exclude_outside', 0) !== 0,
    extrapolation: n.float('extrapolation_value', 0),
    antialias: n.int('antialias', 0) !== 0,
  };
  const policy = n.string('keep_aspect_ratio_policy', 'stretch');
  const hasSizes = n.has(3) && at(n.integers(3).shape, 0) !== 0;
  if (!hasSizes) return ofScales(n, shape, 2, rules);
  const axes = axesOf(n, shape);
  const sizes = n.integers(3).integers;
  const changed = axes.flatMap((along, k) => {
    const to = at(sizes, k);
    return typeof shape[along] === 'number' ? [{ along, k, to: fixed(to, 'a size') }] : [];
  });
  const scales = changed.map(({ along, to }) => to / lengthOf(shape, along));
  const common = policy === 'not_larger' ? Math.min(...scales) : Math.max(...scales);
  return changed.map(({ along, k, to }) => {
    const from = lengthOf(shape, along);
    const roi = roiOf(n, rules, k, axes.length);
    if (policy === 'stretch') return { ...rules, along, from, to, scale: to / from, roi };
    return { ...rules, along, from, to: Math.round(common * from), scale: common, roi };
  });
}

function ofScales(n: NodeReader, shape: Shape, input: number, rules: Rules): Resampling[] {
  const axes = axesOf(n, shape);
  const scales = n.has(input) ? n.known(input).numbers() : (n.floats('scales') ?? []);
  if (scales.length !== axes.length || !scales.every((scale) => scale > 0)) {
    throw new CompileError(`scales [${scales}] must be a number above 0 for each of [${axes}]`);
  }
  return axes.flatMap((along, k): Resampling[] => {
    const scale = at(scales, k);
    if (scale === 1 && rules.coordinates !== 'tf_crop_and_resize') return [];
    const from = lengthOf(shape, along);
    const roi = roiOf(n, rules, k, axes.length);
    return [{ ...rules, along, from, to: Math.floor(from * scale), scale, roi }];
  });
}

const lengthOf = (shape: Shape, along: number): number =>
  fixed(shape[along], 'a length that is resized');

const axesOf = (n: NodeReader, shape: Shape): number[] =>
  n.ints('axes')?.map((a) => axis(a, shape.length)) ?? shape.map((_, k) => k);

function roiOf(n: NodeReader, { coordinates }: Rules, k: number, count: number): [number, number] {
  if (coordinates !== 'tf_crop_and_resize') return [0, 1];
  const roi = n.known(1).numbers();
  return [at(roi, k), at(roi, count + k)];
}

function resampled(n: NodeReader, x: Value, resampling: Resampling, mode: string): Value {
  const { along, from, to, coordinates } = resampling;
  if (!(to >= 1))
    throw new CompileError(`axis ${along} of length ${from} would be resized to ${to}`);
  const isCrop = coordinates === 'tf_crop_and_resize';
  if (mode === 'nearest' && !isCrop) return nearest(n, x, resampling);
  if (mode === 'linear' || mode === 'cubic') {
    return multiplyAlong(
      n,
      x,
      along,
      Array.from({ length: to }, (_, i) => weights(resampling, i, mode)),
    );
  }
  throw new CompileError(`the mode "${mode}" with ${coordinates} is not supported`);
}

function nearest(n: NodeReader, x: Value, resampling: Resampling): Value {
  const { along, from, to, nearest: rounding } = resampling;
  const places = Array.from({ length: to }, (_, i) => {
    const place = rounded(sourceOf(resampling, i), rounding);
    return Math.min(from - 1, Math.max(0, place));
  });
  const times = to / from;
  const repeats = places.every((place, i) => place === Math.floor(i / times));
  if (!repeats || !Number.isInteger(times)) return pick(n, x, along, Known.vector(places));
  const column = n.reshape(x, x.shape.toSpliced(along + 1, 0, 1));
  const repeated = n.expand(column, column.shape.with(along + 1, times));
  return n.reshape(repeated, x.shape.with(along, to));
}

/** The place in the tensor of element `i` of the result. */
function sourceOf({ coordinates, from, to, scale, roi }: Resampling, i: number): number {
  const length = scale * from;
  switch (coordinates) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (from / 2) * (1 - to / length) + (i + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return length === 1 ? -0.5 : (i + 0.5) / scale - 0.5;
    case 'align_corners':
      return length === 1 ? 0 : (i * (from - 1)) / (length - 1);
    case 'asymmetric':
      return i / scale;
    case 'tf_half_pixel_for_nn':
      return (i + 0.5) / scale;
    case 'tf_crop_and_resize': {
      const part = (roi[1] - roi[0]) * (from - 1);
      return roi[0] * (from - 1) + (length === 1 ? part / 2 : (i * part) / (length - 1));
    }
    default:
      throw new CompileError(`coordinate_transformation_mode ${coordinates} is not known`);
  }
}

function rounded(place: number, mode: string): number {
  switch (mode) {
    case 'round_prefer_floor':
      return Math.ceil(place - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(place + 0.5);
    case 'floor':
      return Math.floor(place);
    case 'ceil':
      return Math.ceil(place);
    default:
      throw new CompileError(`nearest_mode ${mode} is not known`);
  }
}

/** What element `i` of the result takes of each element of the axis. */
function weights(resampling: Resampling, i: number, mode: 'linear' | 'cubic'): number[] {
  const { from, scale, cubicA, antialias, excludeOutside, coordinates } = resampling;
  const place = sourceOf(resampling, i);
  if (coordinates === 'tf_crop_and_resize' && (place < 0 || place > from - 1)) {
    throw new CompileError('a crop that reaches beyond the image is not supported');
  }
  const kernel = mode === 'linear' ? triangle : (x: number) => cubic(x, cubicA);
  const reach = mode === 'linear' ? 1 : 2;
  // Where the result is smaller, a kernel that reaches as much further leaves no element out.
  const stretch = antialias ? Math.min(1, scale) : 1;
  const first = Math.floor(place - reach / stretch) + 1;
  const last = Math.ceil(place + reach / stretch) - 1;
  const row = new Array<number>(from).fill(0);
  let total = 0;
  for (let k = first; k <= last; k++) {
    if (excludeOutside && (k < 0 || k >= from)) continue;
    const weight = kernel(stretch * (k - place));
    const inside = Math.min(from - 1, Math.max(0, k));
    row[inside] = at(row, inside) + weight;
    total += weight;
  }
  return row.map((weight) => weight / total);
}

const triangle = (x: number): number => Math.max(0, 1 - Math.abs(x));

/** Keys 1981. */
function cubic(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}
