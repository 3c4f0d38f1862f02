import type { Operator } from '../../expression/code.js';
import { philox4x32 } from '../../random/philox.js';

/** What random numbers depend on besides their stream and element. */
export interface NoiseKey {
  /** Unsigned 64 bit. */
  readonly seed: bigint;
  readonly step: number;
}

/** The purpose of these numbers among those of a seed, as in native/expression/random.inl.hpp. */
const NOISE = 3;

/** The number that a random operator draws for an element, as the engine does but in float64. */
export function draw(
  op: Operator,
  { seed, step }: NoiseKey,
  stream: number,
  index: number,
): number {
  const key = [Number(seed & 0xffffffffn), Number((seed >> 32n) & 0xffffffffn)] as const;
  const words = philox4x32(key, [Math.floor(index / 4), stream, step, NOISE]);
  const upper = (k: number) => (words[k] ?? 0) >>> 8;
  const place = index % 4;
  if (op === 'uniform') return upper(place) / 2 ** 24;
  // Box & Muller 1958, a pair from each pair of words.
  const first = place - (place % 2);
  const radius = Math.sqrt(-2 * Math.log((upper(first) + 1) / 2 ** 24));
  const angle = (2 * Math.PI * upper(first + 1)) / 2 ** 24;
  return radius * (place === first ? Math.cos(angle) : Math.sin(angle));
}
