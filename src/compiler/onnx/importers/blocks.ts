import { CompileError } from '../../compile-error.js';
import { fixed } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';
import { spatial } from './padding.js';

/** Operators that trade channels for pixels, in blocks: x[N, C·b², H, W] and y[N, C, H·b, W·b]. */
export const blocks: Importers = {
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
