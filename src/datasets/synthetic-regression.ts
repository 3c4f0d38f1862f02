import { z } from 'zod';
import type { Part, RawDataset } from './dataset.js';
import { gaussian, xoshiro } from './random-numbers.js';

/** Options of synthetic regression. */
export const SyntheticRegressionOptions = z.strictObject({
  /** Training examples, validation included. */
  examples: z.int().min(1).max(10_000_000).default(1000),
  test: z.int().min(0).max(10_000_000).default(200),
  /** Numbers in and out of one example. */
  inputs: z.int().min(1).default(8),
  outputs: z.int().min(1).default(1),
  /** Standard deviation of what is added to a target; the targets' own is about 1. */
  noise: z.number().min(0).default(0.1),
  seed: z.int().min(0).default(0),
});

export type SyntheticRegressionOptions = z.input<typeof SyntheticRegressionOptions>;

/** Gaussian inputs and a random linear map of them as targets, with noise. The same options give the same values. */
export function syntheticRegression(own: SyntheticRegressionOptions = {}): RawDataset {
  const options = SyntheticRegressionOptions.parse(own);
  const { examples, test, inputs, outputs, noise, seed } = options;
  const coefficient = gaussian(xoshiro(seed, 0));
  const map = Float64Array.from(
    { length: outputs * inputs },
    () => coefficient() / Math.sqrt(inputs),
  );
  const make = (count: number, stream: number): Part => {
    const normal = gaussian(xoshiro(seed, stream));
    const x = Float32Array.from({ length: count * inputs }, normal);
    const y = Float32Array.from({ length: count * outputs }, (_, at) => {
      const row = Math.floor(at / outputs) * inputs;
      const first = (at % outputs) * inputs;
      let sum = noise * normal();
      for (let k = 0; k < inputs; k++) sum += (map[first + k] as number) * (x[row + k] as number);
      return sum;
    });
    return {
      inputs: [{ values: x, shape: [inputs] }],
      labels: { values: y, shape: [outputs] },
    };
  };
  return { train: make(examples, 1), test: make(test, 2), classes: [] };
}
