import { CompileError } from '../../compile-error.js';
import { fixed } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';
import { multiplyAlong } from './along-axis.js';
import type { Importers } from './importer.js';
import { spatial } from './padding.js';
import { integers } from './windows.js';

/** Operators that trade channels for pixels, in blocks: x[N, C·b², H, W] and y[N, C, H·b, W·b]. */
export const blocks: Importers = {
  Col2Im: columnsToImages,
  DepthToSpace(n) {
    const { x, size, channels, height, width } = geometry(n);
    if (channels % size ** 2 !== 0) {
      throw new CompileError(`${channels} channels are no blocks of ${size}×${size} pixels`);
    }
    const depth = channels / size ** 2;
    const columnsFirst = n.string('mode', 'DCR') === 'DCR';
    const apart = columnsFirst
      ? [size, size, depth, height, width]
      : [depth, size, size, height, width];
    const perm = columnsFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
    return blocked(n, x, apart, perm, [depth, height * size, width * size]);
  },
  SpaceToDepth(n) {
    const { x, size, channels, height, width } = geometry(n);
    if (height % size !== 0 || width % size !== 0) {
      throw new CompileError(`${height}×${width} pixels are no blocks of ${size}×${size}`);
    }
    const [rows, columns] = [height / size, width / size];
    const apart = [channels, rows, size, columns, size];
    const perm = n.string('mode', 'DCR') === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
    return blocked(n, x, apart, perm, [channels * size ** 2, rows, columns]);
  },
};

/**
 * x[N, C·k…, l…], blocks k… at the places l… of images, → y[N, C, length…], where they overlap their sum. Along each axis
 * a product with the matrix that has a one where an element of a block comes to lie.
 */
function columnsToImages(n: NodeReader): Value {
  const x = n.tensor(0);
  const [lengths, kernel] = [n.numbers(1), n.numbers(2)];
  const rank = lengths.length;
  const strides = integers(n, 'strides', rank, 1, 1);
  const dilations = integers(n, 'dilations', rank, 1, 1);
  const pads = integers(n, 'pads', 2 * rank, 0, 0);
  const counts = lengths.map((length, k) => {
    const extent = (at(kernel, k) - 1) * at(dilations, k) + 1;
    return Math.floor((length + at(pads, k) + at(pads, rank + k) - extent) / at(strides, k)) + 1;
  });
  const [batch = 1, rows] = x.shape;
  const depth = fixed(rows, 'the number of rows') / kernel.reduce((a, b) => a * b, 1);
  const apart = n.reshape(x, [batch, depth, ...kernel, ...counts]);
  const perm = [0, 1, ...kernel.flatMap((_, k) => [2 + k, 2 + rank + k])];
  const turned = n.emit('transpose', [apart], { perm });
  const pairs = kernel.map((size, k) => size * at(counts, k));
  return lengths.reduce<Value>(
    (y, length, k) => {
      const count = at(counts, k);
      const matrix = Array.from({ length }, (_, place) =>
        Array.from({ length: at(pairs, k) }, (_, pair) => {
          const [tap, block] = [Math.floor(pair / count), pair % count];
          const to = block * at(strides, k) + tap * at(dilations, k) - at(pads, k);
          return Number(to === place);
        }),
      );
      return multiplyAlong(n, y, 2 + k, matrix);
    },
    n.reshape(turned, [batch, depth, ...pairs]),
  );
}

function geometry(n: NodeReader) {
  const x = n.tensor(0);
  const [height, width] = spatial(x.shape);
  const size = n.int('blocksize', 0);
  if (!(size >= 1)) throw new CompileError(`blocksize is ${size}; it must be at least 1`);
  return { x, size, channels: fixed(x.shape[1], 'the number of channels'), height, width };
}

/** Each example cut up, its axes put in order, and joined. */
function blocked(
  n: NodeReader,
  x: Value,
  apart: readonly number[],
  perm: number[],
  joined: readonly number[],
): Value {
  const batch = at(x.shape, 0);
  const turned = n.emit('transpose', [n.reshape(x, [batch, ...apart])], { perm });
  return n.reshape(turned, [batch, ...joined]);
}
