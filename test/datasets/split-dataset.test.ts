import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imagePart, type RawDataset } from '../../src/datasets/dataset.js';
import { channelMoments, splitDataset } from '../../src/datasets/split-dataset.js';
import type { Split } from '../../src/engine/types.js';

const images = Uint8Array.from({ length: 60 }, (_, i) => i);
const shape = [2, 3, 1];
const raw: RawDataset = {
  train: imagePart(
    images,
    shape,
    Int32Array.from({ length: 10 }, (_, i) => i),
  ),
  test: imagePart(
    Uint8Array.from({ length: 18 }, (_, i) => 100 + i),
    shape,
    Int32Array.of(7, 8, 9),
  ),
  classes: Array.from({ length: 10 }, (_, i) => `${i}`),
};

const labelsOf = ({ labels }: Split) => [...(labels?.values ?? [])];

describe('splitDataset', () => {
  test('holds out the end of the training part, as views', () => {
    const { train, validation, test: held } = splitDataset(raw, { validation: 4 });
    expect(labelsOf(train)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(labelsOf(validation)).toEqual([6, 7, 8, 9]);
    expect(labelsOf(held)).toEqual([7, 8, 9]);
    expect(validation.inputs[0]?.values[0]).toBe(36);
    expect(validation.inputs[0]?.values.buffer).toBe(images.buffer);
    expect(train.inputs[0]?.shape).toEqual([2, 3, 1]);
  });

  test('limits every split without moving the boundary', () => {
    const { train, validation, test: held } = splitDataset(raw, { validation: 4, limit: 2 });
    expect(labelsOf(train)).toEqual([0, 1]);
    expect(labelsOf(validation)).toEqual([6, 7]);
    expect(labelsOf(held)).toEqual([7, 8]);
    expect(train.inputs[0]?.values.length).toBe(12);
  });

  test('normalises every split by the training split', () => {
    const splits = splitDataset(raw, { validation: 4 });
    const norm = channelMoments(images.subarray(0, 36), shape);
    for (const split of [splits.train, splits.validation, splits.test]) {
      expect(split.inputs[0]).toMatchObject(norm);
    }
  });

  test('can map u8 to [0, 1] alone, and leaves other inputs and targets as they are', () => {
    const plain = splitDataset(raw, { validation: 4, normalize: false });
    expect(plain.train.inputs[0]).not.toHaveProperty('mean');
    const part = {
      inputs: [{ values: Float32Array.of(1, 2, 3, 4), shape: [2] }],
      labels: { values: Float32Array.of(5, 6), shape: [] },
    };
    const { train, validation } = splitDataset(
      { train: part, test: part, classes: [] },
      { validation: 1 },
    );
    expect(train.inputs).toEqual([{ values: Float32Array.of(1, 2), shape: [2] }]);
    expect(labelsOf(validation)).toEqual([6]);
  });

  test('needs training examples', () => {
    expect(() => splitDataset(raw, { validation: 10 })).toThrow(
      'validation: 10 leaves no training examples of 10; give at most 9',
    );
  });
});

describe('channelMoments', () => {
  test('makes every channel zero mean and unit variance', () => {
    const examples = fc.record({
      channels: fc.integer({ min: 1, max: 3 }),
      pixels: fc.integer({ min: 1, max: 5 }),
      count: fc.integer({ min: 1, max: 6 }),
      seed: fc.infiniteStream(fc.nat(255)),
    });
    fc.assert(
      fc.property(examples, ({ channels, pixels, count, seed }) => {
        const images = Uint8Array.from(seed.take(count * channels * pixels));
        const { mean, stddev } = channelMoments(images, [channels, pixels]);
        for (let c = 0; c < channels; c++) {
          const values = [...images]
            .filter((_, at) => Math.floor(at / pixels) % channels === c)
            .map((v) => (v / 255 - (mean[c] ?? 0)) / (stddev[c] ?? 0));
          const average = values.reduce((a, b) => a + b, 0) / values.length;
          const variance = values.reduce((a, b) => a + b * b, 0) / values.length;
          expect(average).toBeCloseTo(0, 9);
          expect(variance).toBeCloseTo(new Set(values).size === 1 ? 0 : 1, 9);
        }
      }),
    );
  });

  test('gives a constant channel the deviation 1', () => {
    expect(channelMoments(Uint8Array.of(51, 51, 0, 255), [2, 2])).toEqual({
      mean: [0.2, 0.5],
      stddev: [1, 0.5],
    });
  });
});
