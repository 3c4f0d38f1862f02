import { CompileError } from '../../compile-error.js';
import { fixed } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';

/** The windows along one axis. */
export interface Window {
  kernel: number;
  stride: number;
  dilation: number;
  before: number;
  after: number;
  /** What windows reach over beyond the pads at the end, with `ceil_mode`. */
  overhang: number;
}

type Pads = Pick<Window, 'before' | 'after'>;

/** One element at a time. */
export const TRIVIAL: Window = {
  kernel: 1,
  stride: 1,
  dilation: 1,
  before: 0,
  after: 0,
  overhang: 0,
};

/** How far a window reaches. */
export const extentOf = ({ kernel, dilation }: Window): number => (kernel - 1) * dilation + 1;

/** `x` with `value` around it along an axis. */
export function padAlong(
  n: NodeReader,
  x: Value,
  axis: number,
  window: Window,
  value: number,
): Value {
  const { before, after } = window;
  if (before === 0 && after === 0) return x;
  const length = fixed(x.shape[axis], 'a length that is pooled');
  const attributes = { axes: [axis], starts: [before], steps: [1], value };
  return n.emit('pad', [x], { ...attributes, lengths: [length + before + after] });
}

/** The windows of a pool along each axis, of these lengths. */
export function poolWindowsOf(n: NodeReader, lengths: readonly number[]): Window[] {
  const windows = windowsOf(n, lengths, integers(n, 'kernel_shape', lengths.length, undefined, 1));
  if (n.int('ceil_mode', 0) === 0) return windows;
  return windows.map((window, k) => ({ ...window, overhang: overhangOf(window, at(lengths, k)) }));
}

/** The windows of a kernel along each axis. */
export function windowsOf(
  n: NodeReader,
  lengths: readonly number[],
  kernel: readonly number[],
): Window[] {
  const rank = lengths.length;
  const stated = integers(n, 'kernel_shape', rank, 1, 1);
  if (n.hasAttribute('kernel_shape') && String(stated) !== String(kernel)) {
    throw new CompileError(`kernel_shape [${stated}] contradicts the weight, [${kernel}]`);
  }
  const strides = integers(n, 'strides', rank, 1, 1);
  const dilations = integers(n, 'dilations', rank, 1, 1);
  const pads = integers(n, 'pads', 2 * rank, 0, 0);
  const mode = n.string('auto_pad', 'NOTSET');
  return lengths.map((length, k): Window => {
    const [stride, dilation] = [at(strides, k), at(dilations, k)];
    const window = { ...TRIVIAL, kernel: at(kernel, k), stride, dilation };
    return { ...window, ...padsOf(mode, window, length, [at(pads, k), at(pads, rank + k)]) };
  });
}

/** An attribute of so many integers of at least `least`. */
export function integers(
  n: NodeReader,
  name: string,
  count: number,
  otherwise: number | undefined,
  least: number,
): number[] {
  const given = n.ints(name) ?? (otherwise === undefined ? [] : Array(count).fill(otherwise));
  const fits = (v: number) => v >= least && v < 2 ** 31;
  if (given.length === count && given.every(fits)) return given;
  throw new CompileError(`the attribute ${name} must be ${count} integers of at least ${least}`);
}

function padsOf(
  mode: string,
  window: Window,
  length: number,
  stated: readonly [number, number],
): Pads {
  const covered = (Math.ceil(length / window.stride) - 1) * window.stride + extentOf(window);
  return splitPads(mode, Math.max(0, covered - length), stated);
}

/** The pads stated, or those that add up to `total` where `auto_pad` asks for it. */
export function splitPads(
  mode: string,
  total: number,
  [before, after]: readonly [number, number],
): Pads {
  const small = Math.floor(total / 2);
  switch (mode) {
    case 'NOTSET':
      return { before, after };
    case 'VALID':
      return { before: 0, after: 0 };
    case 'SAME_UPPER':
      return { before: small, after: total - small };
    case 'SAME_LOWER':
      return { before: total - small, after: small };
    default:
      throw new CompileError(
        `auto_pad ${mode} is not known (allowed: NOTSET, SAME_UPPER, SAME_LOWER, VALID)`,
      );
  }
}

function overhangOf(window: Window, length: number): number {
  const { stride, before, after } = window;
  const extent = extentOf(window);
  const count = Math.ceil((length + before + after - extent) / stride) + 1;
  // A window that would start in the padding at the end is left out.
  const kept = (count - 1) * stride >= length + before ? count - 1 : count;
  return Math.max(0, (kept - 1) * stride + extent - length - before - after);
}
