import { philox4x32 } from '../random/philox.js';
import type { PointSequence } from './point-sequence.js';

const TWO_32 = 2 ** 32;

/** Independent uniform points, 53 random bits a coordinate; the counter is (index, dimension). */
export function randomPoints(dimensions: number, key: readonly [number, number]): PointSequence {
  const coordinate = (index: number, dimension: number) => {
    const low = index % TWO_32;
    const high = Math.floor(index / TWO_32);
    const [a = 0, b = 0] = philox4x32(key, [low, high, dimension, 1]);
    return ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53;
  };
  return {
    dimensions,
    count: Number.MAX_SAFE_INTEGER,
    point: (index) => Array.from({ length: dimensions }, (_, j) => coordinate(index, j)),
  };
}
