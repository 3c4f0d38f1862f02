import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { optimizers, reference, ruleName } from '../../src/optimizers/index.js';

interface Fixture {
  /** Counts of steps after which parameters were recorded. */
  steps: number[];
  start: number[];
  gradients: number[][];
  cases: {
    rule: string;
    source: string;
    lr: number;
    hyperparameters: Record<string, number>;
    parameters: number[][];
  }[];
}

const { steps, start, gradients, cases }: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/optimizers_authors.json', import.meta.url), 'utf8'),
);

describe('trajectories of 500 steps against other implementations, recorded', () => {
  it.each(
    cases.map(
      (entry) => [`${entry.rule}, ${JSON.stringify(entry.hyperparameters)}`, entry] as const,
    ),
  )('%s', (_, { rule, lr, hyperparameters, parameters }) => {
    const optimizer = optimizers.find((candidate) => ruleName(candidate) === rule);
    if (!optimizer) throw new Error(`no rule ${rule}`);
    const ours = reference(optimizer, start.length, lr, hyperparameters);
    const p = Float64Array.from(start);
    expect(parameters).toHaveLength(steps.length);
    for (const [step, gradient] of gradients.entries()) {
      ours.step(p, Float64Array.from(gradient));
      const theirs = parameters[steps.indexOf(step + 1)];
      for (const [i, value] of theirs?.entries() ?? [])
        expect(Math.abs((p[i] ?? Number.NaN) - value)).toBeLessThan(
          1e-11 * Math.max(1, Math.abs(value)),
        );
    }
  });
});
