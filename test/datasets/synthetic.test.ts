import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Part } from '../../src/datasets/dataset.js';
import { synthetic } from '../../src/datasets/synthetic.js';

const images = ({ inputs: [first] }: Part) => first?.values as Uint8Array;
const labels = (part: Part) => part.labels?.values as Int32Array;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('synthetic', () => {
  test('gives the same bytes everywhere', () => {
    const { train } = synthetic({ examples: 50, seed: 7 });
    expect(sha256(images(train))).toBe(
      '97ec429aad38286d5fde4c300d15224fa14d75bc9808504e49344a03d657df31',
    );
  });

  test('depends on the seed; the test part not on the number of training examples', () => {
    const a = synthetic({ examples: 10, seed: 1 });
    const b = synthetic({ examples: 20, seed: 1 });
    expect(images(synthetic({ examples: 10, seed: 2 }).train)).not.toEqual(images(a.train));
    expect(b.test).toEqual(a.test);
    expect(images(b.train).subarray(0, images(a.train).length)).toEqual(images(a.train));
  });

  test('is learnable: the nearest centre of the training part classifies the test part', () => {
    const { train, test: held, classes } = synthetic({ noise: 0.2 });
    const size = 64;
    const centres = classes.map(() => new Float64Array(size));
    labels(train).forEach((label, row) => {
      const centre = centres[label] as Float64Array;
      for (let i = 0; i < size; i++) {
        centre[i] = (centre[i] as number) + (images(train)[row * size + i] as number);
      }
    });
    const perClass = labels(train).length / classes.length;
    const nearest = (row: number) => {
      const distances = centres.map((centre) =>
        centre.reduce(
          (sum, c, i) => sum + (c / perClass - (images(held)[row * size + i] as number)) ** 2,
          0,
        ),
      );
      return distances.indexOf(Math.min(...distances));
    };
    const right = labels(held).filter((label, row) => nearest(row) === label).length;
    expect(right / labels(held).length).toBeGreaterThan(0.95);
  });

  test('pixels have the spread asked for', () => {
    const { train } = synthetic({ examples: 4000, classes: 2, shape: [1], noise: 0.05 });
    const ofClass = [...images(train)].filter((_, row) => labels(train)[row] === 0);
    const mean = ofClass.reduce((a, b) => a + b, 0) / ofClass.length;
    const variance = ofClass.reduce((a, b) => a + (b - mean) ** 2, 0) / ofClass.length;
    expect(Math.sqrt(variance) / 255).toBeCloseTo(0.05, 2);
  });
});
