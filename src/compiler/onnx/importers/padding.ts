import { CompileError } from '../../compile-error.js';
import { fixed, formatShape, type Shape } from '../../dimension.js';
import { at } from '../../graph.js';
import type { Pads } from '../../ops/images.js';
import type { NodeReader } from '../node-reader.js';

export function spatial(shape: Shape): [number, number] {
  if (shape.length !== 4) {
    throw new CompileError(
      `the input has shape ${formatShape(shape)}; images [N, C, H, W] are supported`,
    );
  }
  return [fixed(shape[2], 'the height'), fixed(shape[3], 'the width')];
}

export function padding(
  n: NodeReader,
  x: Shape,
  extent: readonly number[],
  strides: readonly number[],
): Pads {
  const mode = n.string('auto_pad', 'NOTSET');
  const pads = n.ints('pads') ?? [0, 0, 0, 0];
  const [top, left, bottom, right] = pads;
  if (pads.length !== 4 || pads.some((pad) => !(pad >= 0 && pad < 2 ** 31))) {
    throw new CompileError(`pads [${pads}] must be four integers of at least 0`);
  }
  switch (mode) {
    case 'NOTSET':
      return [top ?? 0, left ?? 0, bottom ?? 0, right ?? 0];
    case 'VALID':
      return [0, 0, 0, 0];
    case 'SAME_UPPER':
    case 'SAME_LOWER': {
      const [height, width] = spatial(x).map((length, i) => {
        const stride = at(strides, i);
        const total = Math.max(
          0,
          (Math.ceil(length / stride) - 1) * stride + at(extent, i) - length,
        );
        const small = Math.floor(total / 2);
        return mode === 'SAME_UPPER' ? [small, total - small] : [total - small, small];
      });
      return [height?.[0] ?? 0, width?.[0] ?? 0, height?.[1] ?? 0, width?.[1] ?? 0];
    }
    default:
      throw new CompileError(
        `auto_pad ${mode} is not known (allowed: NOTSET, SAME_UPPER, SAME_LOWER, VALID)`,
      );
  }
}
