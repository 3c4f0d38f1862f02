import { z } from 'zod';
import type { Part, RawDataset } from './dataset.js';

/** Options of the synthetic data set. */
export const SyntheticOptions = z.strictObject({
  /** Training examples, validation included. */
  examples: z.int().min(1).max(1_000_000).default(1000),
  /** Test examples. */
  test: z.int().min(0).max(1_000_000).default(200),
  classes: z.int().min(2).max(1000).default(10),
  shape: z.array(z.int().min(1)).min(1).default([1, 8, 8]),
  /** Standard deviation of a pixel about its class's centre, as a fraction of white. */
  noise: z.number().min(0).max(1).default(0.25),
  seed: z.int().min(0).default(0),
});

export type SyntheticOptions = z.input<typeof SyntheticOptions>;

/**
 * A made, learnable data set for tests and tutorials: each class is a centre image with pixels uniform in
 * [1/4, 3/4], each example its class's centre plus Gaussian noise, rounded to u8. Classes alternate. The same options
 * give the same bytes everywhere; the test part does not depend on `examples`.
 */
export function synthetic(options: SyntheticOptions = {}): RawDataset {
  const { examples, test, classes, shape, noise, seed } = SyntheticOptions.parse(options);
  const size = shape.reduce((a, b) => a * b, 1);
  const uniform = xoshiro(seed, 0);
  const centres = Float64Array.from({ length: classes * size }, () => 0.25 + uniform() / 2);
  const make = (count: number, stream: number): Part => {
    const normal = gaussian(xoshiro(seed, stream));
    const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
    const images = Uint8Array.from({ length: count * size }, (_, at) => {
      const label = Math.floor(at / size) % classes;
      const pixel = (centres[label * size + (at % size)] as number) + noise * normal();
      return Math.round(255 * Math.min(1, Math.max(0, pixel)));
    });
    return { images, labels };
  };
  return {
    train: make(examples, 1),
    test: make(test, 2),
    shape,
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
  };
}

/** Standard normal numbers by the Box–Muller transform. */
function gaussian(uniform: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Uniform numbers in [0, 1) from xoshiro128** (Blackman, Vigna 2018), its state filled by MurmurHash3's finaliser. */
function xoshiro(seed: number, stream: number): () => number {
  let [a, b, c, d] = [1, 2, 3, 4].map((i) =>
    mix((seed >>> 0) ^ mix(Math.floor(seed / 2 ** 32) ^ mix(4 * stream + i))),
  ) as [number, number, number, number];
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return (result >>> 0) / 2 ** 32;
  };
}

const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by));

function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
