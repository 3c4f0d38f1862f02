import { describe, expect, test } from 'vitest';
import type { Part } from '../../src/datasets/dataset.js';
import { noise } from '../../src/datasets/noise.js';
import { syntheticRegression } from '../../src/datasets/synthetic-regression.js';
import { syntheticTokens } from '../../src/datasets/synthetic-tokens.js';

const inputs = ({ inputs: [first] }: Part) => [...(first?.values ?? [])];
const labels = ({ labels }: Part) => [...(labels?.values ?? [])];
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('noise', () => {
  test('has the deviation asked for, and none in the test part', () => {
    const { train, test: held } = noise({ examples: 20_000, test: 10, stddev: 0.6 });
    expect(mean(inputs(train))).toBeCloseTo(0, 1);
    expect(Math.sqrt(mean(inputs(train).map((v) => v * v)))).toBeCloseTo(0.6, 2);
    expect(inputs(held).every((v) => v === 0)).toBe(true);
    expect(inputs(held)).toHaveLength(20);
    expect(train.labels).toBeUndefined();
  });

  test('uniform, it has the same deviation and is bounded', () => {
    const { train } = noise({ examples: 20_000, kind: 'uniform', stddev: 2 });
    expect(Math.sqrt(mean(inputs(train).map((v) => v * v)))).toBeCloseTo(2, 1);
    const bound = 2 * Math.sqrt(3);
    expect(inputs(train).every((v) => Math.abs(v) <= bound)).toBe(true);
    expect(inputs(train).some((v) => Math.abs(v) > 0.99 * bound)).toBe(true);
  });

  test('depends on the seed alone', () => {
    expect(noise({ examples: 5, seed: 1 })).toEqual(noise({ examples: 5, seed: 1 }));
    expect(inputs(noise({ examples: 5, seed: 2 }).train)).not.toEqual(
      inputs(noise({ examples: 5, seed: 1 }).train),
    );
  });
});

describe('synthetic tokens', () => {
  test('a token is followed by one of a few', () => {
    const options = { examples: 400, vocabulary: 30, sequence: 25, branches: 3 };
    const { train, classes } = syntheticTokens(options);
    const followers = new Map<number, Set<number>>();
    const next = labels(train);
    inputs(train).forEach((token, at) => {
      followers.set(token, (followers.get(token) ?? new Set()).add(next[at] as number));
    });
    const counts = [...followers.values()].map((set) => set.size);
    expect(Math.max(...counts)).toBe(3);
    expect(classes).toHaveLength(30);
    expect(next.slice(0, -1)).toEqual(inputs(train).slice(1));
  });
});

describe('synthetic regression', () => {
  test('targets have unit deviation', () => {
    const { train } = syntheticRegression({ examples: 5000, inputs: 20, outputs: 50, noise: 0 });
    expect(Math.sqrt(mean(labels(train).map((v) => v * v)))).toBeCloseTo(1, 1);
  });

  test('without noise, they are linear in the inputs', () => {
    const { train } = syntheticRegression({ examples: 3, inputs: 1, noise: 0 });
    const [x, y] = [inputs(train), labels(train)];
    const slopes = y.map((value, at) => value / (x[at] as number));
    expect(slopes[1]).toBeCloseTo(slopes[0] as number, 5);
    expect(slopes[2]).toBeCloseTo(slopes[0] as number, 5);
  });
});
