import { CompileError } from '../../compile-error.js';
import { fixed, formatShape, type Shape } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import type { Pads } from '../../ops/images.js';
import type { NodeReader } from '../node-reader.js';
import { splitPads } from './windows.js';

/** What convolutions and pools go over: images, or sequences [N, C, L] as images of height 1. */
export interface Images {
  readonly x: Value;
  readonly sequences: boolean;
}

export function imagesOf(n: NodeReader): Images {
  const x = n.tensor(0);
  if (x.shape.length > 4) {
    throw new CompileError(
      `the input has shape ${formatShape(x.shape)}; images [N, C, H, W] and sequences [N, C, L] are supported, volumes are not`,
    );
  }
  if (x.shape.length !== 3) return { x, sequences: false };
  return { x: n.reshape(x, heightOne(x.shape)), sequences: true };
}

/** [A, B, L] → [A, B, 1, L] */
export const heightOne = (shape: Shape): Shape => [...shape.slice(0, 2), 1, at(shape, 2)];

/** Back to sequences where the input was of those. */
export const likeInput = (n: NodeReader, y: Value, { sequences }: Images): Value =>
  sequences ? n.reshape(y, [...y.shape.slice(0, 2), at(y.shape, 3)]) : y;

/** An attribute of two integers of at least `least`, height and width; of one for sequences. */
export function pair(
  n: NodeReader,
  name: string,
  otherwise: 0 | 1 | undefined,
  { sequences }: Images,
): [number, number] {
  const least = otherwise ?? 1;
  if (!sequences) return n.pair(name, otherwise === undefined ? undefined : [least, least], least);
  const [length = otherwise, ...rest] = n.ints(name) ?? [];
  if (rest.length > 0 || length === undefined || !(length >= least && length < 2 ** 31)) {
    throw new CompileError(`the attribute ${name} must be one integer of at least ${least}`);
  }
  return [least, length];
}

export function spatial(shape: Shape): [number, number] {
  if (shape.length !== 4) {
    throw new CompileError(
      `the input has shape ${formatShape(shape)}; images [N, C, H, W] are supported`,
    );
  }
  return [fixed(shape[2], 'the height'), fixed(shape[3], 'the width')];
}

/** The pads stated, or those that `auto_pad` asks for. */
export function padding(
  n: NodeReader,
  { x, sequences }: Images,
  extent: readonly number[],
  strides: readonly number[],
): Pads {
  const mode = n.string('auto_pad', 'NOTSET');
  const axes = sequences ? 1 : 2;
  const pads = n.ints('pads') ?? Array(2 * axes).fill(0);
  const [a = 0, b = 0, c = 0, d = 0] = pads;
  if (pads.length !== 2 * axes || pads.some((pad) => !(pad >= 0 && pad < 2 ** 31))) {
    throw new CompileError(`pads [${pads}] must be ${2 * axes} integers of at least 0`);
  }
  const stated = sequences
    ? ([
        [0, 0],
        [a, b],
      ] as const)
    : ([
        [a, c],
        [b, d],
      ] as const);
  const [height, width] = spatial(x.shape).map((length, i) => {
    const stride = at(strides, i);
    const total = (Math.ceil(length / stride) - 1) * stride + at(extent, i) - length;
    return splitPads(mode, Math.max(0, total), at(stated, i));
  });
  return [height?.before ?? 0, width?.before ?? 0, height?.after ?? 0, width?.after ?? 0];
}
