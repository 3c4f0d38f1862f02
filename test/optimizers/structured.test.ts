import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  add,
  along,
  gram,
  input,
  matmul,
  mul,
  optimizers,
  reference,
  ruleName,
} from '../../src/optimizers/index.js';

interface Fixture {
  /** Counts of steps after which parameters were recorded. */
  steps: number[];
  shapes: number[][];
  start: number[];
  /** Repeated for ever. */
  gradients: number[][];
  cases: {
    rule: string;
    source: string;
    lr: number;
    hyperparameters: Record<string, number>;
    /** In the place of the fixture's. */
    shapes?: number[][];
    parameters: number[][];
  }[];
}

const { steps, shapes, start, gradients, cases }: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/optimizers_structured.json', import.meta.url), 'utf8'),
);

const byName = (rule: string) => {
  const optimizer = optimizers.find((candidate) => ruleName(candidate) === rule);
  if (!optimizer) throw new Error(`no rule ${rule}`);
  return optimizer;
};

describe('trajectories of 500 steps against other implementations, recorded', () => {
  it.each(
    cases.map(
      (entry) => [`${entry.rule}, ${JSON.stringify(entry.hyperparameters)}`, entry] as const,
    ),
  )('%s', (_, { rule, lr, hyperparameters, parameters, ...own }) => {
    const ours = reference(byName(rule), own.shapes ?? shapes, lr, hyperparameters);
    const p = Float64Array.from(start);
    expect(parameters).toHaveLength(steps.length);
    for (let step = 1; step <= 500; step += 1) {
      ours.step(p, Float64Array.from(gradients[(step - 1) % gradients.length] ?? []));
      const theirs = parameters[steps.indexOf(step)];
      for (const [i, value] of theirs?.entries() ?? [])
        expect(Math.abs((p[i] ?? Number.NaN) - value)).toBeLessThan(
          1e-9 * Math.max(1, Math.abs(value)),
        );
    }
  });
});

it('matrices of axes are of tensors, and go with tensors', () => {
  const g = input('g', 'element');
  const l = input('l', 'left');
  expect(gram(g).rank).toBe('axes');
  expect(along(gram(g), g).rank).toBe('element');
  expect(add(gram(g), mul(2, input('a', 'axes'))).rank).toBe('axes');
  expect(() => gram(l)).toThrow('gram() of a value of rank left, which is no tensor');
  expect(() => along(l, g)).toThrow('along() of values of rank left and element');
  expect(() => add(gram(g), g)).toThrow('values of rank axes and element do not go together');
  expect(() => matmul(gram(g), g)).toThrow('matmul() of a value of rank axes, which is no matrix');
});
