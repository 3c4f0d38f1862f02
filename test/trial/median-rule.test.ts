import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Trainer } from '../../src/engine/types.js';
import { nextBatch } from '../../src/protocols/median-rule.js';
import type { TrialSettings } from '../../src/study/trial-settings.js';
import { type PreparedTrial, runTrial } from '../../src/trial/run-trial.js';

/** Recorded by fixtures/record_median.py. */
const fixture = JSON.parse(
  readFileSync(new URL('fixtures/median.json', import.meta.url), 'utf8'),
) as {
  steps: number[];
  cases: {
    curves: number[][];
    startup: number;
    warmup: number;
    own: number[];
    stopped: number | null;
  }[];
};
const END = fixture.steps.at(-1) as number;

/** The limits that a batch gets after trials with these curves. */
function limitsAfter(curves: number[][], startup: number) {
  const stage = {
    ...{ kind: 'search' as const, reason: '', axes: {}, sampler: 'sobol' as const },
    ...{ trials: curves.length, repetitions: 1, supersedes: false },
  };
  const trials = curves.map((values, number) => ({
    number,
    point: {},
    score: 0,
    curves: [values.map((value, i) => ({ step: fixture.steps[i] as number, value }))],
  }));
  const rule = { kind: 'median', startup, batch: 10, warmup: 0 } as const;
  return nextBatch(rule, 100, [{ stage, trials }]).next?.limits ?? [];
}

/** Stands for a trainer whose measurements are these. */
function trainerOf(values: readonly number[]): Trainer {
  const trainer = {
    step: 0,
    train: async (count: number) => {
      trainer.step += count;
      const losses = new Float64Array(count);
      return { step: trainer.step, losses, diverged: false, aborted: false, seconds: 1 };
    },
    evaluate: async () => ({
      examples: 1,
      values: { cross_entropy: values[fixture.steps.indexOf(trainer.step)] },
    }),
  };
  return trainer as unknown as Trainer;
}

describe('the median rule', () => {
  it.each(fixture.cases.map((one, index) => ({ index, ...one })))(
    'stops a trial where Optuna does: case $index',
    async ({ curves, startup, warmup, own, stopped }) => {
      const prepared: PreparedTrial = {
        trainer: trainerOf(own),
        steps: END,
        evaluateEvery: 10,
        splits: ['validation'],
        lossMetric: 'cross_entropy',
        derivedMetrics: [],
        stopAbove: {
          metric: 'cross_entropy',
          limits: limitsAfter(curves, startup),
          warmup: warmup / END,
        },
      };
      const job = {
        ...{ trial: 1, settings: {} as TrialSettings },
        ...{ checkpointFolder: '/nowhere', checkpointEvery: 1000 },
      };
      let last = 0;
      const outcome = await runTrial(job, prepared, {
        send: (message) => {
          if (message.kind === 'measured') last = message.measurements[0]?.step ?? 0;
        },
        signal: new AbortController().signal,
      });
      expect(last).toBe(stopped ?? END);
      expect(outcome.kind).toBe(stopped === null ? 'complete' : 'outdone');
      if (outcome.kind === 'outdone')
        expect(outcome.reason).toMatch(
          /^stopped after \d+ % of the budget: its best cross_entropy .* is above the median/,
        );
    },
  );
});
