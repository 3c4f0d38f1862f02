import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { getOptimizer, reference } from '../../src/optimizers/index.js';

interface Fixture {
  torch: string;
  /** Counts of steps after which parameters were recorded. */
  steps: number[];
  start: number[];
  gradients: number[][];
  cases: {
    optimizer: string;
    lr: number;
    hyperparameters: Record<string, number>;
    parameters: number[][];
  }[];
}

const script = fileURLToPath(new URL('../fixtures/optimizers.py', import.meta.url));
const recorded: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/optimizers.json', import.meta.url), 'utf8'),
);
const python = process.env['OPTCMP_PYTHON'] ?? 'python3';
const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0;

/** The largest difference from the recorded parameters, relative to the larger of 1 and their size. */
function deviation(
  fixture: Fixture,
  { optimizer, lr, hyperparameters, parameters }: Fixture['cases'][number],
) {
  const size = fixture.start.length;
  const ours = reference(getOptimizer(optimizer, 'pytorch'), size, lr, hyperparameters);
  const p = Float64Array.from(fixture.start);
  let largest = 0;
  for (const [step, gradient] of fixture.gradients.entries()) {
    ours.step(p, Float64Array.from(gradient));
    const theirs = parameters[fixture.steps.indexOf(step + 1)];
    if (!theirs) continue;
    for (const [i, value] of p.entries()) {
      const expected = theirs[i] ?? Number.NaN;
      const difference = Math.abs(value - expected) / Math.max(1, Math.abs(expected));
      largest = Number.isNaN(difference) ? Number.NaN : Math.max(largest, difference);
    }
  }
  return largest;
}

const label = ({ optimizer, lr, hyperparameters }: Fixture['cases'][number]) =>
  `${optimizer}, lr ${lr}, ${JSON.stringify(hyperparameters)}`;

describe(`variant pytorch against torch.optim ${recorded.torch}, recorded`, () => {
  it.each(recorded.cases.map((entry) => [label(entry), entry] as const))('%s', (_, entry) => {
    expect(entry.parameters).toHaveLength(recorded.steps.length);
    expect(deviation(recorded, entry)).toBeLessThan(1e-12);
  });
});

describe('variant pytorch against torch.optim, live', () => {
  it.skipIf(!hasTorch)('follows another seed', { timeout: 120_000 }, () => {
    const { status, stdout, stderr } = spawnSync(python, [script, '1'], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    expect(status, stderr).toBe(0);
    const live: Fixture = JSON.parse(stdout);
    expect(live.gradients).not.toEqual(recorded.gradients);
    for (const entry of live.cases)
      expect(deviation(live, entry), label(entry)).toBeLessThan(1e-12);
  });
});
