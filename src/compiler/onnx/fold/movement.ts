import { CompileError } from '../../compile-error.js';
import {
  type Dimension,
  elements,
  fixed,
  formatShape,
  multiply,
  type Shape,
  sameDimension,
} from '../../dimension.js';
import { at } from '../../graph.js';
import { axis } from '../importers/importer.js';
import {
  axesOf,
  castTarget,
  expandedShape,
  permutation,
  slices,
  splitAxis,
  splitSizes,
  targetShape,
} from '../importers/shape-inputs.js';
import { eachPosition, type Item, Known, stored } from '../known.js';
import type { Folders } from './folder.js';

/** Elements under another shape or in another order. */
export const movement: Folders = {
  Identity: (n) => n.known(0),
  Cast(n) {
    const x = n.known(0);
    n.int('saturate', 1);
    n.string('round_mode', 'up');
    return x.cast(castTarget(n));
  },
  CastLike(n) {
    n.int('saturate', 1);
    n.string('round_mode', 'up');
    return n.known(0).cast(n.known(1).type);
  },
  Reshape: (n) => reshape(n.known(0), targetShape(n, n.known(0).shape)),
  Flatten(n) {
    const x = n.known(0);
    const split = splitAxis(n, x.rank);
    return reshape(x, [elements(x.shape.slice(0, split)), elements(x.shape.slice(split))]);
  },
  Squeeze(n) {
    const x = n.known(0);
    const axes = axesOf(n)?.map((a) => axis(a, x.rank));
    const dropped = (d: Dimension, i: number) => (axes ? axes.includes(i) : d === 1);
    axes?.forEach((a) => {
      if (x.shape[a] !== 1) throw new CompileError(`axis ${a} has length ${x.shape[a]}, not 1`);
    });
    return x.reshaped(x.shape.filter((d, i) => !dropped(d, i)));
  },
  Unsqueeze(n) {
    const x = n.known(0);
    const axes = axesOf(n) ?? [];
    const rank = x.rank + axes.length;
    const added = new Set(axes.map((a) => axis(a, rank)));
    const rest = x.shape.values();
    return x.reshaped(
      Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.next().value ?? 1))),
    );
  },
  Transpose(n) {
    const x = n.known(0);
    const order = permutation(n, x.rank);
    const position = new Array<number>(x.rank);
    const shape = order.map((from) => at(x.shape, from));
    return Known.build(x.type, shape, (to) => {
      order.forEach((from, i) => {
        position[from] = at(to, i);
      });
      return x.at(position);
    });
  },
  Concat(n) {
    const first = n.known(0);
    const along = axis(n.int('axis', 0), first.rank);
    const parts = Array.from({ length: n.inputCount }, (_, k) => n.known(k));
    const lengths = parts.map(({ shape }) => fixed(shape[along], 'a length that is concatenated'));
    for (const { shape } of parts) checkConcat(first.shape, shape, along);
    const starts = lengths.map((_, k) => lengths.slice(0, k).reduce((a, b) => a + b, 0));
    const total = lengths.reduce((a, b) => a + b, 0);
    return Known.build(first.type, first.shape.with(along, total), (position) => {
      const place = at(position, along);
      const k = starts.findLastIndex((start, i) => start <= place && at(lengths, i) > 0);
      return at(parts, k).at(position.with(along, place - at(starts, k)));
    });
  },
  Split(n) {
    const x = n.known(0);
    const along = axis(n.int('axis', 0), x.rank);
    const sizes = splitSizes(n, fixed(x.shape[along], 'the length that is split'));
    return sizes.map((length, k) => {
      const start = sizes.slice(0, k).reduce((a, b) => a + b, 0);
      return Known.build(x.type, x.shape.with(along, length), (position) =>
        x.at(position.with(along, at(position, along) + start)),
      );
    });
  },
  Slice(n) {
    const x = n.known(0);
    const cuts = slices(n, x.shape);
    const shape = cuts.map((cut, i) => cut?.length ?? at(x.shape, i));
    return Known.build(x.type, shape, (position) =>
      x.at(position.map((p, i) => (cuts[i] ? cuts[i].start + p * cuts[i].step : p))),
    );
  },
  Gather(n) {
    const [data, indices] = [n.known(0), n.known(1)];
    const along = axis(n.int('axis', 0), data.rank);
    const length = at(data.shape, along);
    const shape = [...data.shape.slice(0, along), ...indices.shape, ...data.shape.slice(along + 1)];
    const end = along + indices.rank;
    return Known.build(data.type, shape, (position) => {
      const place = placeIn(data, length, indices.at(position.slice(along, end)));
      return data.at([...position.slice(0, along), place, ...position.slice(end)]);
    });
  },
  GatherElements(n) {
    const [data, indices] = [n.known(0), n.known(1)];
    const along = axis(n.int('axis', 0), data.rank);
    const length = at(data.shape, along);
    return Known.build(data.type, indices.shape, (position) =>
      data.at(position.with(along, placeIn(data, length, indices.at(position)))),
    );
  },
  GatherND(n) {
    const [data, indices] = [n.known(0), n.known(1)];
    const batch = n.int('batch_dims', 0);
    const depth = fixed(indices.shape.at(-1), 'the length of an index');
    const outer = indices.shape.slice(0, -1);
    const shape = [...outer, ...data.shape.slice(batch + depth)];
    return Known.build(data.type, shape, (position) => {
      const prefix = position.slice(0, outer.length);
      const index = Array.from({ length: depth }, (_, i) =>
        placeIn(data, at(data.shape, batch + i), indices.at([...prefix, i])),
      );
      return data.at([...position.slice(0, batch), ...index, ...position.slice(outer.length)]);
    });
  },
  ScatterND(n) {
    const [data, indices, updates] = [n.known(0), n.known(1), n.known(2)];
    if (n.string('reduction', 'none') !== 'none') return undefined;
    const depth = fixed(indices.shape.at(-1), 'the length of an index');
    const outer = indices.rank - 1;
    const items = Array.from(data.items);
    const lengths = stored(data.shape);
    const strides = lengths.map((_, i) => lengths.slice(i + 1).reduce((a, b) => a * b, 1));
    eachPosition(stored(updates.shape), (position, k) => {
      const prefix = position.slice(0, outer);
      const index = [
        ...Array.from({ length: depth }, (_, i) =>
          axis(indices.at([...prefix, i]) as number, at(lengths, i)),
        ),
        ...position.slice(outer),
      ];
      items[index.reduce((sum, p, i) => sum + p * at(strides, i), 0)] = updates.item(k);
    });
    return new Known(data.type, data.shape, items);
  },
  Expand(n) {
    const x = n.known(0);
    return expand(x, expandedShape(n, x.shape));
  },
  Tile(n) {
    const x = n.known(0);
    const repeats = n.integers(1).integers;
    if (repeats.length !== x.rank) {
      throw new CompileError(`${repeats.length} repeats for a tensor of rank ${x.rank}`);
    }
    // Copies along the batch of what is longer would differ along it.
    const differs = x.shape.some((d, i) => typeof at(repeats, i) !== 'number' && d !== 1);
    if (differs) return undefined;
    const shape = x.shape.map((d, i) => multiply(d, at(repeats, i)));
    const lengths = stored(x.shape);
    return Known.build(x.type, shape, (position) =>
      x.at(position.map((p, i) => p % at(lengths, i))),
    );
  },
  Trilu(n) {
    const x = n.known(0);
    const upper = n.int('upper', 1) !== 0;
    const diagonal = n.has(1) ? at(n.numbers(1), 0) : 0;
    return Known.build(x.type, x.shape, (position, i) => {
      const offset = at(position, x.rank - 1) - at(position, x.rank - 2);
      return (upper ? offset >= diagonal : offset <= diagonal) ? x.item(i) : 0;
    });
  },
};

/** Where an index points along an axis as it is stored; all along the batch elements are the same. */
function placeIn(data: Known, length: Dimension, index: Item): number {
  if (typeof length === 'number' && typeof index === 'number') return axis(index, length);
  if (typeof length === 'number' || data.hasRows) {
    throw new CompileError('an index depends on the batch size or the place along the batch');
  }
  return 0;
}

/** The same elements under another shape; `undefined` where they would differ along the batch. */
function reshape(x: Known, shape: Shape): Known | undefined {
  const isFixed = (lengths: Shape) => lengths.every((d) => typeof d === 'number');
  if (isFixed(x.shape) && isFixed(shape)) return x.reshaped(shape);
  const leading = x.shape.findIndex(
    (d, i) => shape[i] === undefined || !sameDimension(d, at(shape, i)),
  );
  const rest = leading < 0 ? x.rank : leading;
  if (isFixed(x.shape.slice(rest)) && isFixed(shape.slice(rest))) return x.reshaped(shape);
  const first = x.items[0] ?? 0;
  if (Array.from(x.items).every((item) => item === first)) {
    return Known.build(x.type, shape, () => first);
  }
  return undefined;
}

/** The same all along the axes that are stretched; those of the batch stay unstretched. */
function expand(x: Known, shape: Shape): Known {
  return Known.build(x.type, shape, (position) => x.at(position));
}

function checkConcat(a: Shape, b: Shape, along: number): void {
  const fits =
    a.length === b.length && a.every((d, i) => i === along || sameDimension(d, at(b, i)));
  if (!fits) {
    throw new CompileError(`${formatShape(a)} and ${formatShape(b)} differ beside axis ${along}`);
  }
}
