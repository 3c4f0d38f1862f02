import { philox4x32 } from '../random/philox.js';
import type { PointSequence } from './point-sequence.js';

const TWO_32 = 2 ** 32;

/**
 * `count` points of which every dimension has one in each of `count` equal intervals, at a random place in it (McKay,
 * Beckman & Conover 1979). A larger count gives other points.
 */
export function latinHypercube(
  dimensions: number,
  count: number,
  key: readonly [number, number],
): PointSequence {
  const strata = Array.from({ length: dimensions }, (_, j) => permutation(count, j, key));
  const point = (index: number) =>
    strata.map((order, j) => ((order[index] as number) + uniform(key, index, j, 2)) / count);
  return { dimensions, count, point };
}

/** Of 0 … n − 1, by Fisher and Yates. */
function permutation(n: number, dimension: number, key: readonly [number, number]): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform(key, i, dimension, 3) * (i + 1));
    const swapped = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swapped;
  }
  return order;
}

/** In [0, 1), 53 bits; the counter is (index, dimension, purpose). */
function uniform(
  key: readonly [number, number],
  index: number,
  dimension: number,
  purpose: number,
): number {
  const [a = 0, b = 0] = philox4x32(key, [index % TWO_32, 0, dimension, purpose]);
  return ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53;
}
