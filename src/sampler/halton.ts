import { Philox } from '../random/philox.js';
import type { PointSequence } from './point-sequence.js';

const PRIMES = firstPrimes(64);
/** Digits below this weight change no float64 of the unit interval that matters. */
const SMALLEST_DIGIT = 2 ** -54;

export const MAX_HALTON_DIMENSIONS = PRIMES.length;

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((p) => n % p !== 0)) primes.push(n);
  }
  return primes;
}

/** A random permutation of 0 … base−1 (Fisher and Yates). */
function permutation(base: number, random: Philox): number[] {
  const digits = Array.from({ length: base }, (_, i) => i);
  for (let i = base - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [digits[i], digits[j]] = [digits[j] as number, digits[i] as number];
  }
  return digits;
}

/** A permutation for each digit position of one dimension. */
function permutations(base: number, dimension: number, key: bigint): number[][] {
  const positions = Math.ceil(Math.log(SMALLEST_DIGIT) / -Math.log(base));
  return Array.from({ length: positions }, (_, k) =>
    permutation(base, new Philox(key, dimension * 64 + k)),
  );
}

function radicalInverse(base: number, index: number): number {
  let value = 0;
  for (let weight = 1 / base, rest = index; rest > 0; weight /= base) {
    value += (rest % base) * weight;
    rest = Math.floor(rest / base);
  }
  return value;
}

/** Every digit goes through its position's permutation, the endless zeros after the last one too. */
function scrambledInverse(base: number, index: number, permute: number[][]): number {
  let value = 0;
  let weight = 1 / base;
  let rest = index;
  for (const digits of permute) {
    value += (digits[rest % base] as number) * weight;
    weight /= base;
    rest = Math.floor(rest / base);
  }
  return Math.min(value, 1 - 2 ** -53);
}

/**
 * Halton points: dimension j is the radical inverse in the j-th prime base. With a key the digits are randomly
 * permuted, by a permutation for each position; without one they are the plain sequence, which begins at the origin.
 * Sources: Halton 1960; Owen, "A randomized Halton algorithm in R", 2017.
 * @throws {RangeError} for more than 64 dimensions
 */
export function halton(dimensions: number, key?: bigint): PointSequence {
  if (dimensions > MAX_HALTON_DIMENSIONS) {
    throw new RangeError(
      `Halton points have at most ${MAX_HALTON_DIMENSIONS} dimensions, not ${dimensions}; use the sampler "random" or fix some axes`,
    );
  }
  const bases = PRIMES.slice(0, dimensions);
  const tables = bases.map((base, j) =>
    key === undefined ? undefined : permutations(base, j, key),
  );
  return {
    dimensions,
    count: Number.MAX_SAFE_INTEGER,
    point: (index) =>
      bases.map((base, j) => {
        const table = tables[j];
        return table === undefined
          ? radicalInverse(base, index)
          : scrambledInverse(base, index, table);
      }),
  };
}
