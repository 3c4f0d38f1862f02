import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { getOptimizer, reference } from '../../src/optimizers/index.js';

interface Fixture {
  /** Counts of steps after which parameters were recorded. */
  steps: number[];
  cases: {
    lr: number;
    hyperparameters: Record<string, number>;
    batch: number;
    /** The part of steps of elements that were clipped. */
    clipped: number;
    parameters: number[][];
  }[];
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));
const { start, gradients }: { start: number[]; gradients: number[][] } =
  read('optimizers_authors.json');
const { steps, cases }: Fixture = read('sophia.json');

/** The largest difference from what is recorded, relative to the larger of 1 and its size. */
function deviation(entry: Fixture['cases'][number], round?: (value: number) => number): number {
  const sophia = getOptimizer('sophia-g');
  const ours = reference(sophia, start.length, entry.lr, entry.hyperparameters, round);
  const p = Float64Array.from(start);
  let largest = 0;
  for (const [step, gradient] of gradients.entries()) {
    ours.step(p, Float64Array.from(gradient), Float64Array.from(gradients.at(-1 - step) ?? []));
    for (const [i, value] of entry.parameters[steps.indexOf(step + 1)]?.entries() ?? []) {
      const difference = Math.abs((p[i] ?? Number.NaN) - value) / Math.max(1, Math.abs(value));
      largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
    }
  }
  return largest;
}

const labelled = cases.map((entry) => [JSON.stringify(entry.hyperparameters), entry] as const);

describe("trajectories of 500 steps against the authors' code, recorded", () => {
  it.each(labelled)('%s', (_, entry) => {
    expect(entry.parameters).toHaveLength(steps.length);
    expect(deviation(entry)).toBeLessThan(1e-11);
  });

  // The engine's arithmetic, to the bit (test/engine/sampled-labels.test.ts).
  it.each(labelled)('%s, rounded to float32', (_, entry) => {
    const rounding = deviation(entry, Math.fround);
    expect(rounding).toBeGreaterThan(0);
    expect(rounding).toBeLessThan(1e-4);
  });

  it('has elements that are clipped and others', () => {
    for (const { clipped } of cases) {
      expect(clipped).toBeGreaterThan(0.1);
      expect(clipped).toBeLessThan(0.9);
    }
  });
});

it('reads a sampled gradient in the steps that refresh the diagonal, and says when it is missing', () => {
  const ours = reference(getOptimizer('sophia-g'), 1, 0.1, { every: 3 });
  const p = Float64Array.of(1);
  const g = Float64Array.of(0.5);
  for (let t = 0; t < 9; t += 1) {
    if (t % 3 === 0)
      expect(() => ours.step(p, g)).toThrow(
        `step ${t} of sophia-g reads 1 sampled gradients, got none`,
      );
    const before = ours.state['h']?.[0];
    ours.step(p, g, t % 3 === 0 ? Float64Array.of(0.25) : undefined);
    if (t % 3 === 0) expect(ours.state['h']?.[0]).toBeGreaterThan(before ?? 0);
    else expect(ours.state['h']?.[0]).toBe(before);
  }
});
