import { philox4x32 } from '../random/philox.js';
import type { PointSequence } from './point-sequence.js';
import { SOBOL_DIRECTIONS } from './sobol-directions.js';

const BITS = 32;
const TWO_32 = 2 ** BITS;
/** Counter word of the random digits below the 32 that are scrambled. */
const TAIL = BITS;

export const MAX_SOBOL_DIMENSIONS = SOBOL_DIRECTIONS.length + 1;

/** Direction numbers v_1 … v_32 of one dimension, the binary point before the top bit. */
function directions(dimension: number): Uint32Array {
  const v = new Uint32Array(BITS);
  const row = SOBOL_DIRECTIONS[dimension - 1];
  if (row === undefined) return v.map((_, k) => 2 ** (BITS - 1 - k));

  const [degree = 0, coefficients = 0, ...initial] = row;
  for (let k = 0; k < BITS; k++) {
    if (k < degree) {
      v[k] = (initial[k] ?? 0) * 2 ** (BITS - 1 - k);
      continue;
    }
    const last = v[k - degree] ?? 0;
    let value = last ^ (last >>> degree);
    for (let i = 1; i < degree; i++) {
      if ((coefficients >>> (degree - 1 - i)) & 1) value ^= v[k - i] ?? 0;
    }
    v[k] = value;
  }
  return v;
}

/** Sobol' points in Gray-code order, as 32-bit fractions: the `index`-th alone, without those before it. */
function sobolWord(v: Uint32Array, index: number): number {
  let word = 0;
  for (let k = 0, gray = index ^ (index >>> 1); gray !== 0; k++, gray >>>= 1) {
    if (gray & 1) word ^= v[k] ?? 0;
  }
  return word >>> 0;
}

/**
 * Owen's nested uniform scrambling: each bit is flipped or not by a random bit that belongs to the bits above it,
 * so every net stays a net and every point becomes uniform.
 */
function owenScramble(word: number, dimension: number, key: readonly [number, number]): number {
  let scrambled = 0;
  for (let k = 0; k < BITS; k++) {
    const shift = BITS - 1 - k;
    const above = k === 0 ? 0 : word >>> (BITS - k);
    const flip = (philox4x32(key, [above, k, dimension, 0])[0] ?? 0) & 1;
    scrambled |= (((word >>> shift) & 1) ^ flip) << shift;
  }
  return scrambled >>> 0;
}

/**
 * Sobol' points with Joe and Kuo's direction numbers, at most 2³² of them.
 * With a key they are Owen-scrambled and lie in the open unit cube; without one they are the plain sequence, which
 * begins at the origin.
 * Sources: Sobol' 1967; Antonov, Saleev 1979 (Gray code); Owen 1995 (scrambling).
 * @throws {RangeError} for more dimensions than the table has
 */
export function sobol(dimensions: number, key?: readonly [number, number]): PointSequence {
  if (dimensions > MAX_SOBOL_DIMENSIONS) {
    throw new RangeError(
      `Sobol' points have at most ${MAX_SOBOL_DIMENSIONS} dimensions, not ${dimensions}; use the sampler "random" or fix some axes`,
    );
  }
  const table = Array.from({ length: dimensions }, (_, j) => directions(j));
  const coordinate = (v: Uint32Array, dimension: number, index: number) => {
    const word = sobolWord(v, index);
    if (key === undefined) return word / TWO_32;
    const [tail = 0] = philox4x32(key, [index, TAIL, dimension, 0]);
    return (owenScramble(word, dimension, key) + (tail + 0.5) / TWO_32) / TWO_32;
  };
  return {
    dimensions,
    count: TWO_32,
    point: (index) => table.map((v, dimension) => coordinate(v, dimension, index)),
  };
}
