import { z } from 'zod';
import type { Part, RawDataset } from './dataset.js';
import { gaussian, xoshiro } from './random-numbers.js';

/** Options of noise. */
export const NoiseOptions = z.strictObject({
  /** Training examples, validation included. */
  examples: z.int().min(1).max(10_000_000).default(10_000),
  test: z.int().min(0).max(10_000_000).default(1000),
  shape: z.array(z.int().min(1)).min(1).default([2]),
  kind: z.enum(['normal', 'uniform']).default('normal'),
  /** Standard deviation; uniform numbers lie within √3 of it. */
  stddev: z.number().min(0).default(1),
  /** Standard deviation in the test part: 0 tests the noise-free function. */
  testStddev: z.number().min(0).default(0),
  seed: z.int().min(0).default(0),
});

export type NoiseOptions = z.input<typeof NoiseOptions>;

const UNIT = {
  normal: gaussian,
  uniform: (uniform: () => number) => () => Math.sqrt(3) * (2 * uniform() - 1),
};

/**
 * Noise of mean zero without labels: the data of test problems whose loss is the model's output, as DeepOBS's two_d and
 * quadratic (Schneider, Balles, Hennig 2019, arXiv 1903.05499).
 */
export function noise(own: NoiseOptions = {}): RawDataset {
  const { examples, test, shape, kind, stddev, testStddev, seed } = NoiseOptions.parse(own);
  const size = shape.reduce((a, b) => a * b, 1);
  const make = (count: number, deviation: number, stream: number): Part => {
    const next = UNIT[kind](xoshiro(seed, stream));
    return {
      inputs: [
        { values: Float32Array.from({ length: count * size }, () => deviation * next()), shape },
      ],
    };
  };
  return { train: make(examples, stddev, 1), test: make(test, testStddev, 2), classes: [] };
}
