import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pauseStep } from '../../src/trial/pause-step.js';
import { fakeStudy, freshPath, runFake, workerScript } from './fake-study.js';
import { identityAfterKills } from './identity-after-kills.js';

const HALVING = { early_stopping: { kind: 'successive_halving', factor: 2, rungs: 3 } };

const MEDIAN = { early_stopping: { kind: 'median', startup: 2, batch: 2 } };

const SGD = { optimizer: 'sgd', space: 'default' };

/** Studies whose trials do not all train for their whole budget. */
const STUDIES: [string, object, string][] = [
  [
    'successive halving',
    { ...HALVING, workloads: ['slow'], trials: 4, repetitions: 2, optimizers: [SGD] },
    'trial_paused',
  ],
  [
    'the median rule',
    { ...MEDIAN, workloads: ['slow'], trials: 9, sampler: 'latin_hypercube', optimizers: [SGD] },
    'trial_finished',
  ],
  [
    'steps to a target',
    {
      ...{ workloads: ['slow'], trials: 4, optimizers: [SGD] },
      objective: { metric: 'cross_entropy', over: 'steps_to_target', target: 0.95 },
    },
    'measured',
  ],
  [
    'workers that hang',
    { workloads: ['hangs'], trials: 2, retries: 1, timeout: 0.5, optimizers: [SGD] },
    'trial_retried',
  ],
];

describe('a study with early ends', () => {
  it.each(STUDIES)(
    '%s: the same with one worker, with two and after kills',
    async (_, changes, event) => {
      const study = fakeStudy({ ...changes, checkpoint_every: 0 });
      const one = await runFake(study, { workers: 1 });
      const { total, counts } = one.summary;
      const last = one.measurements.filter(({ step }) => step === 95).map(({ trial }) => trial);
      expect(counts.paused + counts.waiting).toBe(0);
      expect(new Set(last).size).toBeLessThan(total);
      expect((await runFake(study, { workers: 2 })).identity).toEqual(one.identity);
      for (const workers of [1, 2]) {
        const killed = await identityAfterKills(study, {
          options: { databasePath: freshPath(), workers, workerScript },
          killAfter: { event: event as 'measured', counts: [1] },
        });
        expect(killed).toEqual(one.identity);
      }
    },
  );
});

describe('successive halving', () => {
  const study = fakeStudy({ ...HALVING, trials: 9, objective: { metric: 'cross_entropy' } });

  it('stops trials at a rung and trains those that go on as if there were none', async () => {
    const halved = await runFake(study);
    const whole = await runFake(fakeStudy({ trials: 9, objective: { metric: 'cross_entropy' } }));
    expect(halved.stages.map(({ stage, trials, share }) => [stage, trials, share ?? 1])).toEqual(
      Array.from({ length: 2 }, () => [
        [0, 9, 0.25],
        [1, 4, 0.5],
        [2, 2, 1],
      ]).flat(),
    );
    expect(halved.summary.counts).toMatchObject({ complete: 4, stopped: 14, paused: 0 });
    expect(halved.summary.total).toBe(18);
    expect(readdirSync(`${halved.databasePath}.checkpoints`)).toEqual([]);
    // 95 steps, measured every 20: the rungs are at 23 and 47, so trials pause after 20 and 40.
    const ends = { 0: 20, 1: 40, 2: 95 } as Record<number, number>;
    for (const trial of halved.trials) {
      const end = ends[trial.stage] as number;
      expect(trial.state).toBe(end === 95 ? 'complete' : 'stopped');
      const same = whole.trials.find(
        (t) => t.optimizer === trial.optimizer && t.number === trial.number,
      );
      const measured = (from: typeof whole, id = -1) =>
        from.measurements
          .filter((m) => m.trial === id && m.step <= end)
          .map(({ trial: _, seconds: __, ...rest }) => rest);
      expect(measured(halved, trial.id)).toEqual(measured(whole, same?.id));
      expect(halved.measurements.some((m) => m.trial === trial.id && m.step > end)).toBe(false);
    }
    expect(halved.trials.find(({ state }) => state === 'stopped')?.reason).toMatch(
      /^stopped after (25|50) % of the budget, where others did better$/,
    );
  });

  it('goes on from trials that failed, once they are tried again', async () => {
    const changes = { ...HALVING, workloads: ['dies-once'], trials: 4, optimizers: [SGD] };
    const failing = fakeStudy({ ...changes, retries: 0 });
    const { databasePath, summary, stages } = await runFake(failing);
    expect(summary.counts).toMatchObject({ failed: 4 });
    expect(stages.map(({ outcome }) => outcome)).toEqual(['ended: no trial was feasible']);
    const again = await runFake(failing, { databasePath, retryFailed: true });
    expect(again.summary.counts).toMatchObject({ failed: 0, complete: 1, stopped: 3 });
    expect(again.stages.map(({ trials }) => trials)).toEqual([4, 2, 1]);
  });

  it('lets the best of a rung go on', async () => {
    const { trials, measurements } = await runFake(study);
    for (const [stage, step] of [
      [0, 20],
      [1, 40],
    ] as const) {
      const score = (id: number) =>
        Math.min(
          ...measurements
            .filter((m) => m.trial === id && m.split === 'validation' && m.step <= step)
            .filter(({ metric }) => metric === 'cross_entropy')
            .map(({ value }) => value),
        );
      for (const optimizer of ['sgd', 'momentum']) {
        const own = trials.filter((t) => t.optimizer === optimizer && t.stage >= stage);
        const scores = (goesOn: boolean) =>
          own.filter((t) => t.stage > stage === goesOn).map(({ id }) => score(id));
        expect(Math.max(...scores(true))).toBeLessThanOrEqual(Math.min(...scores(false)));
      }
    }
  });
});

describe('the median rule', () => {
  it('compares with the trials of earlier batches, and trains the points of the sampler', async () => {
    const objective = { metric: 'cross_entropy' };
    const rule = { ...MEDIAN, trials: 9, sampler: 'latin_hypercube', objective };
    const study = fakeStudy(rule);
    const { stages, trials, measurements, summary } = await runFake(study);
    const { early_stopping: _, ...plain } = rule;
    const whole = await runFake(fakeStudy(plain));
    const points = (list: typeof trials) =>
      list
        .map(({ optimizer, number, point, seed }) => ({ optimizer, number, point, seed }))
        .sort((a, b) => a.number - b.number || (a.optimizer < b.optimizer ? -1 : 1));
    expect(points(trials)).toEqual(points(whole.trials));
    expect(summary.counts.stopped).toBeGreaterThan(0);
    expect(summary.counts.stopped + summary.counts.complete).toBe(18);

    const curve = (id: number) =>
      measurements.filter(
        (m) => m.trial === id && m.split === 'validation' && m.metric === 'cross_entropy',
      );
    for (const optimizer of ['sgd', 'momentum']) {
      const own = trials.filter((t) => t.optimizer === optimizer);
      const ofOptimizer = stages.filter((s) => s.optimizer === optimizer);
      expect(ofOptimizer.map((s) => s.trials)).toEqual([2, 2, 2, 2, 1]);
      for (const { stage, limits } of ofOptimizer.slice(1)) {
        const before = own.filter((t) => t.stage < stage && t.state === 'complete');
        for (const { step, value } of limits ?? []) {
          const at = before
            .flatMap(({ id }) => curve(id).filter((m) => m.step === step))
            .map((m) => m.value)
            .sort((a, b) => a - b);
          const middle = [at[(at.length - 1) >> 1] as number, at[at.length >> 1] as number];
          expect(value).toBeCloseTo(((middle[0] as number) + (middle[1] as number)) / 2, 12);
        }
        expect(limits?.map(({ step }) => step)).toEqual([20, 40, 60, 80, 95]);
        for (const trial of own.filter((t) => t.stage === stage)) {
          const found = curve(trial.id);
          const best = (step: number) =>
            Math.min(...found.filter((m) => m.step <= step).map((m) => m.value));
          const above = limits?.find(({ step, value }) => step < 95 && best(step) > value);
          expect(found.at(-1)?.step).toBe(above?.step ?? 95);
          expect(trial.state).toBe(above ? 'stopped' : 'complete');
        }
      }
    }
  });

  it('takes a grid for as long as it is', async () => {
    const space = { lr: { log: [0.01, 1], levels: 5 } };
    const { stages, trials } = await runFake(
      fakeStudy({
        ...MEDIAN,
        sampler: 'grid',
        trials: 100,
        optimizers: [{ optimizer: 'sgd', space }],
      }),
    );
    expect(stages.map((s) => s.trials)).toEqual([2, 2, 1]);
    expect(new Set(trials.map(({ hyperparameters }) => hyperparameters['lr'])).size).toBe(5);
  });
});

describe('pauseStep', () => {
  it.each([
    [1 / 9, 90, 10, 10],
    [3 ** -2, 900, 100, 100],
    [0.25, 95, 20, 20],
    [0.5, 95, 20, 40],
    [0.99, 10, 1, 9],
  ])('%d of %i steps, measured every %i: %i', (share, steps, every, expected) => {
    expect(pauseStep(share, steps, every)).toBe(expected);
  });

  it('needs a measurement to compare by', () => {
    expect(() => pauseStep(1 / 9, 90, 30)).toThrow(
      'compares trials after 10 of 90 steps, but the first measurement comes after 30',
    );
  });
});
