import { z } from 'zod';
import { imagePart, type Part, type RawDataset } from './dataset.js';
import { gaussian, xoshiro } from './random-numbers.js';

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
    return imagePart(images, shape, labels);
  };
  return {
    train: make(examples, 1),
    test: make(test, 2),
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
  };
}
