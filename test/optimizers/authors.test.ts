import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  optimizers,
  reference,
  ruleName,
  type WrapperName,
  wrapped,
} from '../../src/optimizers/index.js';

interface Fixture {
  /** Counts of steps after which parameters were recorded. */
  steps: number[];
  start: number[];
  gradients: number[][];
  cases: {
    rule: string;
    /** Around it, the first innermost. */
    wrappers: WrapperName[];
    source: string;
    lr: number;
    hyperparameters: Record<string, number>;
    parameters: number[][];
    /** Where the model would be evaluated, if elsewhere. */
    evaluated?: number[][];
  }[];
}

const { steps, start, gradients, cases }: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/optimizers_authors.json', import.meta.url), 'utf8'),
);

/** The largest difference from what is recorded, relative to the larger of 1 and its size. */
function deviation(entry: Fixture['cases'][number], round?: (value: number) => number): number {
  const optimizer = optimizers.find((candidate) => ruleName(candidate) === entry.rule);
  if (!optimizer) throw new Error(`no rule ${entry.rule}`);
  const whole = wrapped(optimizer, entry.wrappers);
  const ours = reference(whole, start.length, entry.lr, entry.hyperparameters, round);
  const p = Float64Array.from(start);
  let largest = 0;
  const compare = (values: Float64Array, theirs: readonly number[] = []) => {
    for (const [i, value] of theirs.entries()) {
      const difference = Math.abs((values[i] ?? Number.NaN) - value) / Math.max(1, Math.abs(value));
      largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
    }
  };
  for (const [step, gradient] of gradients.entries()) {
    ours.step(p, Float64Array.from(gradient));
    const at = steps.indexOf(step + 1);
    if (at < 0) continue;
    compare(p, entry.parameters[at]);
    compare(ours.evaluated(p), entry.evaluated?.[at]);
  }
  return largest;
}

const labelled = cases.map(
  (entry) =>
    [
      `${[entry.rule, ...entry.wrappers].join(', ')}, ${JSON.stringify(entry.hyperparameters)}`,
      entry,
    ] as const,
);

describe('trajectories of 500 steps against other implementations, recorded', () => {
  it.each(labelled)('%s', (_, entry) => {
    expect(entry.parameters).toHaveLength(steps.length);
    expect(deviation(entry)).toBeLessThan(1e-11);
  });

  // The engine's arithmetic (held to it to the bit by test/taxonomy/engine.test.ts and native tests).
  it.each(labelled)('%s, rounded to float32', (_, entry) => {
    const rounding = deviation(entry, Math.fround);
    expect(rounding).toBeGreaterThan(0);
    expect(rounding).toBeLessThan(1e-4);
  });

  it('has evaluated weights that are not the parameters', () => {
    const averaging = cases.filter(({ evaluated }) => evaluated);
    expect(averaging.length).toBeGreaterThan(0);
    for (const { parameters, evaluated } of averaging) expect(evaluated).not.toEqual(parameters);
  });
});
