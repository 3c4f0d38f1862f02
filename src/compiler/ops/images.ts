import { CompileError } from '../compile-error.js';
import { fixed, formatShape, type Shape } from '../dimension.js';
import { at } from '../graph.js';
import type { Numbers } from './reference-context.js';

/** [height, width] */
export type Pair = readonly [number, number];
/** [top, left, bottom, right] */
export type Pads = readonly [number, number, number, number];

/** Channels, height and width of images [N, C, H, W]. */
export function image(x: Shape): [number, number, number] {
  if (x.length !== 4) {
    throw new CompileError(
      `the input has shape ${formatShape(x)}; images [N, C, H, W] are supported`,
    );
  }
  const [channels, height, width] = x.slice(1).map((d) => fixed(d, 'a length of the image'));
  return [channels ?? 0, height ?? 0, width ?? 0];
}

/** How many positions a window that reaches over `extent` takes in each direction. */
export function windows(x: Shape, extent: Pair, strides: Pair, pads: Pads): [number, number] {
  const [, height, width] = image(x);
  const count = (length: number, i: 0 | 1) =>
    Math.floor((length + pads[i] + at(pads, i + 2) - extent[i]) / strides[i]) + 1;
  const size: [number, number] = [count(height, 0), count(width, 1)];
  if (size.every((length) => length >= 1)) return size;
  throw new CompileError(
    `a kernel reaching over [${extent}] does not fit into the padded input ${formatShape(x)}, pads [${pads}]`,
  );
}

export interface PoolAttributes {
  kernel: Pair;
  strides: Pair;
  pads: Pads;
}

export function poolShape(x: Shape, { kernel, strides, pads }: PoolAttributes): Shape {
  const [channels] = image(x);
  if (pads.some((pad, i) => pad >= at(kernel, i % 2))) {
    throw new CompileError(`pads [${pads}] must be smaller than the kernel [${kernel}]`);
  }
  return [at(x, 0), channels, ...windows(x, kernel, strides, pads)];
}

/** Visits every pooling window with the flat indices of its members inside the image; `size` counts padding too. */
export function eachWindow(
  { kernel, strides, pads }: PoolAttributes,
  [batch = 0, channels = 0, height = 0, width = 0]: readonly number[],
  [, , outHeight = 0, outWidth = 0]: readonly number[],
  visit: (yi: number, members: number[], size: number) => void,
): void {
  const [kernelHeight, kernelWidth] = kernel;
  const [sy, sx] = strides;
  const [top, left] = pads;
  for (let plane = 0; plane < batch * channels; plane++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++) {
        const members: number[] = [];
        for (let row = oy * sy - top; row < oy * sy - top + kernelHeight; row++)
          for (let column = ox * sx - left; column < ox * sx - left + kernelWidth; column++) {
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            members.push((plane * height + row) * width + column);
          }
        visit((plane * outHeight + oy) * outWidth + ox, members, kernelHeight * kernelWidth);
      }
}

/** The channel of a flat index into images [N, C, H, W]. */
export const channelOf = (i: number, [, channels = 0, height = 0, width = 0]: readonly number[]) =>
  Math.floor(i / (height * width)) % channels;

/** Adds each element of images to the sum of its channel. */
export function addByChannel(images: Numbers, shape: readonly number[], sums: Numbers): void {
  images.forEach((value, i) => {
    const channel = channelOf(i, shape);
    sums[channel] = (sums[channel] ?? 0) + value;
  });
}
