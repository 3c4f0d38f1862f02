import { describe, expect, it } from 'vitest';
import { summarize } from '../../src/report/summary.js';
import { probabilityBeats } from '../../src/stats/ranks.js';
import type { Measurement, StudyData, Trial, TrialState } from '../../src/store/records.js';
import { syntheticStudy } from '../support/synthetic-study.js';

interface Run {
  optimizer: string;
  /** Validation errors at steps 10, 20, … */
  curve?: number[];
  /** Test errors at the same steps; by default the validation error plus 0.01. */
  test?: number[];
  state?: TrialState;
  number?: number;
  repetition?: number;
}

/** A study with exactly these runs. */
function study(runs: Run[], spec: unknown = {}): StudyData {
  const counts = new Map<string, number>();
  const trials: Trial[] = [];
  const measurements: Measurement[] = [];
  for (const { optimizer, curve = [], test, state = 'complete', number, repetition = 0 } of runs) {
    const next = counts.get(optimizer) ?? 0;
    counts.set(optimizer, next + 1);
    const id = trials.length + 1;
    trials.push({
      id,
      workload: 'mlp',
      optimizer,
      number: number ?? next,
      repetition,
      state,
      reason: null,
      point: { lr: 0.1 },
      // Not seeds of one another.
      hyperparameters: { lr: 0.1, number: number ?? next },
      seed: '1',
      stage: 0,
      attempts: 1,
      seconds: 2,
    });
    for (const [i, value] of curve.entries()) {
      const common = { trial: id, step: 10 * (i + 1), metric: 'classification_error', seconds: 1 };
      measurements.push({ ...common, split: 'validation', value });
      measurements.push({ ...common, split: 'test', value: test?.[i] ?? value + 0.01 });
    }
  }
  const record = { name: 's', spec, hash: 'h', machine: {}, createdAt: '2026-01-01T00:00:00.000Z' };
  return { study: record, stages: [], trials, measurements };
}

function rowsOf(data: StudyData, options = {}) {
  const [workload] = summarize(data, options).workloads;
  if (!workload) throw new Error('no workload');
  return workload.rows;
}

describe('trials that were stopped early', () => {
  const [sgd, adam] = [{ optimizer: 'sgd' }, { optimizer: 'adam' }];
  const early_stopping = { kind: 'successive_halving', factor: 3, rungs: 2 };
  const data = study(
    [
      { ...sgd, curve: [0.5, 0.3, 0.35] },
      { ...sgd, curve: [0.6], state: 'stopped' },
      // Better by its last measurement than what went to the end.
      { ...sgd, curve: [0.32], state: 'stopped' },
      { ...adam, curve: [0.4, 0.2, 0.1] },
      { ...adam, curve: [0.5], state: 'paused' },
    ],
    { objective: { metric: 'classification_error', over: 'final' }, early_stopping },
  );
  const [workload] = summarize(data).workloads;
  const row = (optimizer: string) => workload?.rows.find((r) => r.optimizer === optimizer);

  it('count by what they had reached, and are never the best', () => {
    expect(row('sgd')).toMatchObject({
      points: 3,
      best: { number: 0 },
      validation: { value: 0.35 },
    });
    expect(row('sgd')?.trials).toMatchObject({ complete: 1, stopped: 2 });
    // Else a draw without the first would do better than the search did.
    expect(row('sgd')?.validation?.low).toBe(0.35);
  });

  it('are told of, and those that pause have not finished', () => {
    const found = (kind: string) => workload?.warnings.find((w) => w.kind === kind);
    expect(found('stopped-early')?.message).toMatch(
      /^Trials of sgd \(2 of 3\) were stopped early and count by what they had reached/,
    );
    expect(found('unfinished')).toMatchObject({ optimizer: 'adam' });
  });
});

describe('summarize', () => {
  it('ranks by the best validation metric over the run and reports the test metric of that step', () => {
    const rows = rowsOf(
      study([
        { optimizer: 'a', curve: [0.3, 0.2, 0.25], test: [0.1, 0.22, 0.05] },
        { optimizer: 'a', curve: [0.4] },
        { optimizer: 'b', curve: [0.19, 0.5], test: [0.3, 0.01] },
      ]),
    );
    expect(rows.map(({ optimizer }) => optimizer)).toEqual(['b', 'a']);
    expect(rows[0]?.validation?.value).toBe(0.19);
    expect(rows[0]?.test?.value).toBe(0.3);
    expect(rows[1]?.test?.value).toBe(0.22);
    expect(rows[1]?.best).toMatchObject({ number: 0, step: 20 });
  });

  it('scores by the last measurement where the study says so', () => {
    const rows = rowsOf(
      study([{ optimizer: 'a', curve: [0.1, 0.3] }], { objective: { over: 'final' } }),
    );
    expect(rows[0]?.validation?.value).toBe(0.3);
    expect(rows[0]?.best?.step).toBe(20);
  });

  it('counts infeasible trials as the worst, however good they were before they diverged', () => {
    const rows = rowsOf(
      study([
        { optimizer: 'a', curve: [0.01], state: 'infeasible' },
        { optimizer: 'a', curve: [0.3] },
        { optimizer: 'b', curve: [0.2] },
        { optimizer: 'b', curve: [0.2] },
      ]),
    );
    expect(rows.map(({ optimizer }) => optimizer)).toEqual(['b', 'a']);
    expect(rows[1]).toMatchObject({ points: 2, trials: { complete: 1, infeasible: 1 } });
    expect(rows[1]?.validation).toMatchObject({ value: 0.3, high: Number.POSITIVE_INFINITY });
    // Both draws of two are infeasible in one resample of four.
    expect(rows[1]?.test?.high).toBe(Number.POSITIVE_INFINITY);
  });

  it('leaves failed and unfinished trials out, and counts them', () => {
    const rows = rowsOf(
      study([
        { optimizer: 'a', curve: [0.3] },
        { optimizer: 'a', curve: [0.1], state: 'running' },
        { optimizer: 'a', curve: [0.1], state: 'failed' },
        { optimizer: 'a', state: 'waiting' },
      ]),
    );
    expect(rows[0]).toMatchObject({
      points: 1,
      trials: { complete: 1, infeasible: 0, failed: 1, running: 1, waiting: 1 },
      validation: { value: 0.3, low: 0.3, median: 0.3, high: 0.3 },
    });
  });

  it('ignores NaN and infinite measurements of a complete trial', () => {
    const rows = rowsOf(
      study([{ optimizer: 'a', curve: [Number.NaN, Number.NEGATIVE_INFINITY, 0.4] }]),
    );
    expect(rows[0]?.validation?.value).toBe(0.4);
  });

  it('takes the mean over the repetitions of a point, infeasible if one is', () => {
    const rows = rowsOf(
      study([
        { optimizer: 'a', number: 0, repetition: 0, curve: [0.1] },
        { optimizer: 'a', number: 0, repetition: 1, curve: [0.3] },
        { optimizer: 'a', number: 1, repetition: 0, curve: [0.01] },
        { optimizer: 'a', number: 1, repetition: 1, curve: [0.01], state: 'infeasible' },
      ]),
    );
    expect(rows[0]?.points).toBe(2);
    expect(rows[0]?.validation?.value).toBeCloseTo(0.2, 12);
    expect(rows[0]?.test?.value).toBeCloseTo(0.21, 12);
  });

  it('compares at the smallest number of results', () => {
    const a = [0.1, 0.2, 0.3, 0.4];
    const b = [0.15, 0.25];
    const data = study([
      ...a.map((value) => ({ optimizer: 'a', curve: [value] })),
      ...b.map((value) => ({ optimizer: 'b', curve: [value] })),
    ]);
    const [summary] = summarize(data).workloads;
    expect(summary?.k).toBe(2);
    const expected = probabilityBeats(a, b, 2);
    expect(summary?.rows[0]?.probabilityBeatsNext).toBeCloseTo(expected, 12);
    expect(summary?.rows[0]?.ranks?.first).toBeCloseTo(expected, 12);
    expect(summary?.rows[1]?.probabilityBeatsNext).toBeNull();
    expect(summary?.warnings.map(({ kind }) => kind)).toContain('unequal-trials');
  });

  it('finds the fastest to the target, which need not be the best in the end', () => {
    const rows = rowsOf(
      study([
        { optimizer: 'a', curve: [0.5, 0.3, 0.1] },
        { optimizer: 'a', curve: [0.3, 0.3, 0.3] },
        { optimizer: 'b', curve: [0.9] },
      ]),
      { targets: { mlp: 0.3 } },
    );
    expect(rows[0]?.stepsToTarget?.value).toBe(10);
    expect(rows[0]?.best?.number).toBe(0);
    expect(rows[1]?.stepsToTarget?.value).toBe(Number.POSITIVE_INFINITY);
  });

  it('follows the objective asked for, then the study, then what was measured', () => {
    const metrics = (options: object, spec: unknown) => {
      const data = syntheticStudy({ trials: 2 });
      return summarize({ ...data, study: { ...data.study, spec } }, options).workloads[0]?.metric
        .name;
    };
    expect(metrics({}, {})).toBe('classification_error');
    expect(metrics({}, { objective: { metric: 'cross_entropy' } })).toBe('cross_entropy');
    const asked = metrics(
      { objective: 'classification_error' },
      { objective: { metric: 'cross_entropy' } },
    );
    expect(asked).toBe('classification_error');
    expect(() => summarize(syntheticStudy({ trials: 1 }), { objective: 'accuracy' })).toThrow(
      /"accuracy".*classification_error, cross_entropy/,
    );
  });

  it('has an answer for a study without results', () => {
    const rows = rowsOf(study([{ optimizer: 'a', state: 'waiting' }]));
    expect(rows[0]).toMatchObject({ best: null, validation: null, test: null, ranks: null });
    expect(summarize({ ...study([]) }).workloads).toEqual([]);
  });

  it('survives foreign study files', () => {
    const runs: Run[] = [{ optimizer: 'a', curve: [0.1] }];
    for (const spec of [
      null,
      7,
      'x',
      [],
      { optimizers: 3 },
      { optimizers: [null, { label: 'a', space: 5 }] },
    ]) {
      expect(rowsOf(study(runs, spec))[0]?.validation?.value).toBe(0.1);
    }
  });

  it('depends on its seed alone, and not on the order of rows', () => {
    const data = syntheticStudy({ trials: 20 });
    const shuffled = {
      ...data,
      trials: data.trials.toSorted((a, b) => a.number - b.number),
      measurements: data.measurements.toReversed(),
    };
    expect(summarize(shuffled)).toEqual(summarize(data));
    const other = summarize(data, { seed: 7, resamples: 50 });
    expect(other).not.toEqual(summarize(data, { seed: 8, resamples: 50 }));
  });

  it('is JSON but for infinities', () => {
    const summary = summarize(syntheticStudy({ trials: 30, optimizers: ['sgd'] }), {
      seed: 2n ** 60n,
    });
    expect(summary.seed).toBe('1152921504606846976');
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });
});

describe('warnings', () => {
  const kinds = (data: StudyData) =>
    summarize(data).workloads.flatMap(({ warnings }) => warnings.map(({ kind }) => kind));

  it('stays silent when all is well', () => {
    const runs = [0.1, 0.11, 0.12].flatMap((value) =>
      Array.from({ length: 20 }, (_, i) => ({
        optimizer: `${value}`,
        curve: [value + 0.00001 * i],
      })),
    );
    expect(kinds(study(runs))).toEqual([]);
  });

  it('sees too few, failed, unfinished, and infeasible trials', () => {
    const good = Array.from({ length: 12 }, () => ({ optimizer: 'a', curve: [0.2] }));
    expect(kinds(study(good.slice(0, 9)))).toEqual(['too-few-trials']);
    expect(kinds(study([...good, { optimizer: 'a', state: 'failed' }]))).toEqual(['failed']);
    expect(kinds(study([...good, { optimizer: 'a', state: 'running' }]))).toEqual(['unfinished']);
    const diverged = good.map((run): Run => ({ ...run, state: 'infeasible' }));
    expect(kinds(study(diverged))).toEqual(['no-feasible-trial']);
    expect(kinds(study([...good, ...diverged]))).toEqual([]);
    expect(kinds(study([...good, ...diverged, ...diverged.slice(0, 1)]))).toEqual([
      'mostly-infeasible',
    ]);
  });

  it('sees a search that still improves', () => {
    const slow = Array.from({ length: 16 }, (_, i) => ({
      optimizer: 'slow',
      curve: [0.9 - 0.05 * i],
    }));
    const flat = Array.from({ length: 16 }, () => ({ optimizer: 'flat', curve: [0.149] }));
    expect(kinds(study([...slow, ...flat]))).toEqual(['still-improving']);
  });

  it.each([
    ['log', 1e-4, 1, 1e-4 * 10 ** (4 * 0.04), 'lower'],
    ['log', 1e-4, 1, 1e-4 * 10 ** (4 * 0.06), undefined],
    ['log', 1e-4, 1, 1e-4 * 10 ** (4 * 0.96), 'upper'],
    ['uniform', 0, 1, 0.96, 'upper'],
    ['uniform', 0, 1, 0.94, undefined],
    // Where a linear scale would see nothing.
    ['logit', 0.001, 0.999, 0.9985, 'upper'],
    ['logit', 0.001, 0.999, 0.99, undefined],
  ])('sees the best at a bound: %s from %d to %d, at %d', (kind, low, high, at, side) => {
    const runs = Array.from({ length: 12 }, () => ({ optimizer: 'a', curve: [0.2] }));
    const spec = { optimizers: [{ label: 'a', space: { lr: { kind, low, high } } }] };
    const data = study(runs, spec);
    for (const trial of data.trials) trial.point = { lr: at };
    const messages = summarize(data).workloads.flatMap(({ warnings }) =>
      warnings.map((w) => w.message),
    );
    if (side === undefined) expect(messages).toEqual([]);
    else expect(messages).toEqual([expect.stringContaining(`${side} end of its range`)]);
  });
});
