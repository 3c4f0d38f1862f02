import { select } from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { type Dimension, fixed, multiply, type Shape, sameDimension } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import { axis, type Importers } from './importer.js';
import { ownPlaces } from './own-places.js';
import { pick } from './picking.js';
import { permutation, slices, splitSizes } from './shape-inputs.js';

/** Operators that move elements of tensors of the graph. */
export const movement: Importers = {
  CenterCropPad(n) {
    const x = n.tensor(0);
    const axes = n.ints('axes')?.map((a) => axis(a, x.shape.length)) ?? x.shape.map((_, k) => k);
    const lengths = n.integers(1).integers;
    const paddings = axes.flatMap((along, k): Padding[] => {
      if (sameDimension(at(lengths, k), at(x.shape, along))) return [];
      const more = fixed(lengths[k], 'a length') - lengthOf(x, along);
      const before = more < 0 ? -Math.floor(-more / 2) : Math.floor(more / 2);
      return [{ along, before, after: more - before }];
    });
    return padWith(n, cutOff(n, x, paddings), paddings, 0);
  },
  Concat(n) {
    const along = axis(n.int('axis', 0), n.any(0).shape.length);
    const places = Array.from({ length: n.inputCount }, (_, k) => k);
    const own =
      along === 1
        ? ownPlaces(
            n,
            places.map((k) => n.any(k)),
            2,
          )
        : undefined;
    if (own) return own;
    const parts = places.filter((k) => n.any(k).shape[along] !== 0).map((k) => n.tensor(k));
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return only;
    return n.emit('concat', parts, { axis: along });
  },
  Pad: pad,
  ReverseSequence: reverseSequence,
  Slice: slice,
  Split(n) {
    const x = n.tensor(0);
    const along = axis(n.int('axis', 0), x.shape.length);
    const lengths = splitSizes(n, fixed(x.shape[along], 'the length that is split'));
    const made = n.emitAll('split', [x], { axis: along, lengths: lengths.filter((d) => d > 0) });
    const rest = made.values();
    return lengths.map((d) =>
      d > 0 ? at([rest.next().value], 0) : nothing(x.shape.with(along, 0)),
    );
  },
  Tile: tile,
  Transpose(n) {
    const x = n.tensor(0);
    return n.emit('transpose', [x], { perm: permutation(n, x.shape.length) });
  },
  Trilu(n) {
    const x = n.tensor(0);
    const [rows, columns] = x.shape.slice(-2).map((d) => fixed(d, 'a length of the matrices'));
    const upper = n.int('upper', 1) !== 0;
    const diagonal = n.scalar(1, 0);
    const keeps = Known.build('bool', [rows ?? 0, columns ?? 0], ([row = 0, column = 0]) =>
      Number(upper ? column - row >= diagonal : column - row <= diagonal),
    );
    return n.pointwise([keeps, x], (kept, value) => select(kept, value, 0));
  },
};

/** Tensors of the graph have elements; one without any is known. */
const nothing = (shape: Shape): Known => new Known('float', shape, []);

function slice(n: NodeReader): Value | Known {
  const x = n.tensor(0);
  const cuts = slices(n, x.shape).flatMap((cut, along) => (cut ? [{ along, ...cut }] : []));
  // As a roll by nothing has it.
  if (cuts.some(({ length }) => length === 0)) {
    return nothing(
      cuts.reduce<Shape>((shape, { along, length }) => shape.with(along, length), x.shape),
    );
  }
  const kept = cuts.filter(
    ({ along, start, step, length }) => start !== 0 || step !== 1 || length !== x.shape[along],
  );
  if (kept.length === 0) return x;
  return n.emit('slice', [x], {
    axes: kept.map(({ along }) => along),
    starts: kept.map(({ start }) => start),
    steps: kept.map(({ step }) => step),
    lengths: kept.map(({ length }) => length),
  });
}

/** The first elements of each sequence in reverse; time and batch are the first two axes, in either order. */
function reverseSequence(n: NodeReader): Value {
  const x = n.tensor(0);
  const along = axis(n.int('time_axis', 0), x.shape.length);
  const batch = axis(n.int('batch_axis', 1), x.shape.length);
  if (along + batch !== 1) throw new CompileError('time and batch must be the first two axes');
  const total = fixed(x.shape[along], 'the length that is reversed');
  const lengths = n.numbers(1);
  const source = (k: number, length: number) => (k < length ? length - 1 - k : k);
  const [first = 0, ...others] = lengths;
  if (others.every((length) => length === first)) {
    const places = Array.from({ length: total }, (_, k) => source(k, first));
    return pick(n, x, along, Known.vector(places));
  }
  const count = fixed(x.shape[batch], 'the number of sequences of different lengths');
  const places = Known.build('int', along === 0 ? [total, count] : [count, total], (position) => {
    const [k, example] = [at(position, along), at(position, batch)];
    const place = source(k, at(lengths, example));
    return along === 0 ? place * count + example : example * total + place;
  });
  return pick(n, n.reshape(x, [total * count, ...x.shape.slice(2)]), 0, places);
}

/** An axis that is repeated is repeated as a new axis before it, which is then merged with it. */
function tile(n: NodeReader): Value {
  const x = n.tensor(0);
  const repeats = x.shape.map((_, k) => at(n.integers(1).integers, k));
  const apart = (by: (repeat: Dimension) => Dimension) =>
    x.shape.flatMap((d, k) => (at(repeats, k) === 1 ? [d] : [by(at(repeats, k)), d]));
  const columns = n.reshape(
    x,
    apart(() => 1),
  );
  const repeated = n.expand(
    columns,
    apart((repeat) => repeat),
  );
  return n.reshape(
    repeated,
    x.shape.map((d, k) => multiply(at(repeats, k), d)),
  );
}

interface Padding {
  along: number;
  before: number;
  after: number;
}

function pad(n: NodeReader): Value {
  const x = n.tensor(0);
  const mode = n.string('mode', 'constant');
  const rank = x.shape.length;
  const attribute = n.ints('pads') ?? [];
  const pads = n.has(1) ? n.numbers(1) : attribute;
  const axes = n.has(3) ? n.numbers(3).map((a) => axis(a, rank)) : x.shape.map((_, k) => k);
  if (pads.length !== 2 * axes.length) {
    throw new CompileError(`pads [${pads}] must be two numbers for each of ${axes.length} axes`);
  }
  const value = n.scalar(2, n.float('value', 0));
  const paddings = axes.flatMap((along, k): Padding[] => {
    const [before, after] = [at(pads, k), at(pads, axes.length + k)];
    return before === 0 && after === 0 ? [] : [{ along, before, after }];
  });
  if (mode !== 'constant')
    return paddings.reduce((y, padding) => padByCopies(n, y, padding, mode), x);
  return padWith(n, cutOff(n, x, paddings), paddings, value);
}

const lengthOf = ({ shape }: Value, along: number): number =>
  fixed(shape[along], 'the length that is padded');

/** What negative pads leave. */
function cutOff(n: NodeReader, x: Value, paddings: readonly Padding[]): Value {
  const cut = paddings.filter(({ before, after }) => before < 0 || after < 0);
  if (cut.length === 0) return x;
  return n.emit('slice', [x], {
    axes: cut.map(({ along }) => along),
    starts: cut.map(({ before }) => Math.max(0, -before)),
    steps: cut.map(() => 1),
    lengths: cut.map(
      ({ along, before, after }) => lengthOf(x, along) + Math.min(0, before) + Math.min(0, after),
    ),
  });
}

function padWith(n: NodeReader, x: Value, paddings: readonly Padding[], value: number): Value {
  const grown = paddings.filter(({ before, after }) => before > 0 || after > 0);
  if (grown.length === 0) return x;
  return n.emit('pad', [x], {
    axes: grown.map(({ along }) => along),
    starts: grown.map(({ before }) => Math.max(0, before)),
    steps: grown.map(() => 1),
    lengths: grown.map(
      ({ along, before, after }) => lengthOf(x, along) + Math.max(0, before) + Math.max(0, after),
    ),
    value,
  });
}

/** Padding that repeats elements of the tensor picks them. */
function padByCopies(n: NodeReader, x: Value, padding: Padding, mode: string): Value {
  const { along, before, after } = padding;
  const length = lengthOf(x, along);
  const places = Array.from({ length: before + length + after }, (_, k) =>
    inside(mode, k - before, length),
  );
  return n.emit('gather', [x, n.constant(Known.vector(places))], { axis: along });
}

/** The place within an axis that one beyond its ends copies. */
function inside(mode: string, place: number, length: number): number {
  const wrap = (p: number, period: number) => ((p % period) + period) % period;
  switch (mode) {
    case 'edge':
      return Math.min(Math.max(place, 0), length - 1);
    case 'wrap':
      return wrap(place, length);
    case 'reflect': {
      const folded = wrap(place, Math.max(1, 2 * (length - 1)));
      return folded < length ? folded : 2 * (length - 1) - folded;
    }
    default:
      throw new CompileError(
        `the mode "${mode}" is not supported (supported: constant, edge, reflect, wrap)`,
      );
  }
}
