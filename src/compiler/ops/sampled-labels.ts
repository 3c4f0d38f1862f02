import { philox4x32 } from '../../random/philox.js';
import type { NoiseKey } from './noise.js';
import type { Numbers, ReferenceContext } from './reference-context.js';

/** The purpose of these numbers among those of a seed, as in native/runtime/philox.hpp. */
const SAMPLED_LABELS = 5;

/** A loss's context with labels drawn in the place of those given, one by one in their order, as the engine does. */
export function atLabels<A>(
  context: ReferenceContext<A>,
  drawn: (given: number, index: number) => number,
): ReferenceContext<A> {
  const [output, labels = new Float64Array()] = context.x;
  if (!output) return context;
  return { ...context, x: [output, labels.map(drawn)] };
}

/** The index of the class that a number, uniform on [0, 1), falls on when each has its share of it. */
export function pickClass(weights: Numbers, uniform: number): number {
  let left = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return found < 0 ? weights.length - 1 : found;
}

/** Uniform on [0, 1), with 53 random bits. */
export function uniformAt({ seed, step }: NoiseKey, index: number): number {
  const key = [Number(seed & 0xffffffffn), Number((seed >> 32n) & 0xffffffffn)] as const;
  const block = Math.floor(index / 2);
  const high = Math.floor(block / 2 ** 32);
  const words = philox4x32(key, [block % 2 ** 32, high, step, SAMPLED_LABELS]);
  const [low = 0, upper = 0] = words.subarray(2 * (index % 2));
  return (upper * 2 ** 21 + (low >>> 11)) * 2 ** -53;
}

/** Standard normal, two of each pair of uniform numbers (Box & Muller 1958). */
export function normalAt(key: NoiseKey, index: number): number {
  const pair = index - (index % 2);
  const radius = Math.sqrt(-2 * Math.log1p(-uniformAt(key, pair)));
  const angle = 2 * Math.PI * uniformAt(key, pair + 1);
  return radius * (index === pair ? Math.cos(angle) : Math.sin(angle));
}
