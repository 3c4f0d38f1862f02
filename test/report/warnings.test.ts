import { describe, expect, it } from 'vitest';
import { summarize } from '../../src/report/summary.js';
import { WARNINGS } from '../../src/report/warnings/index.js';
import type { StudyData } from '../../src/store/records.js';
import { syntheticStudy } from '../support/synthetic-study.js';

/** Warnings about Adam after its best trial's point was changed. */
function boundaryWarnings(change: Record<string, number>): string[] {
  const data = syntheticStudy({ optimizers: ['adam', 'sgd'], trials: 30 });
  const best = summarize(data).workloads[0]?.rows.find((row) => row.optimizer === 'adam')?.best;
  const inside = { 'lr/epsilon': 1, epsilon: 1, '1-beta1': 0.1 };
  const trial = data.trials.find((t) => t.optimizer === 'adam' && t.number === best?.number);
  if (!trial) throw new Error('the study has no best trial of adam');
  trial.point = { ...trial.point, ...inside, ...change };
  const warnings = summarize(data).workloads[0]?.warnings ?? [];
  return warnings
    .filter(({ kind, optimizer }) => kind === 'boundary' && optimizer === 'adam')
    .map(({ message }) => message);
}

describe('boundary warnings', () => {
  it('keep still about a best trial inside its space', () => {
    expect(boundaryWarnings({})).toEqual([]);
  });

  it('tell which end of which axis the best trial is at', () => {
    expect(boundaryWarnings({ epsilon: 9e9 })).toEqual([
      expect.stringMatching(/The best epsilon of adam.* upper end .*widen/),
    ]);
    expect(boundaryWarnings({ '1-beta1': 1.1e-3 })).toEqual([
      expect.stringMatching(/The best 1-beta1 of adam.* lower end/),
    ]);
  });

  it('do not ask to widen a range beyond what the hyperparameter can be', () => {
    expect(boundaryWarnings({ '1-beta1': 0.99 })).toEqual([]);
  });
});

describe('warnings about trials', () => {
  it('tell of too few and of unequal numbers of trials', () => {
    const data = syntheticStudy({ optimizers: ['adam', 'sgd'], trials: 12 });
    data.trials = data.trials.filter(({ optimizer, number }) => optimizer === 'adam' || number < 5);
    const kinds = summarize(data).workloads[0]?.warnings.map(({ kind }) => kind);
    expect(kinds).toContain('unequal-trials');
    expect(kinds).toContain('too-few-trials');
  });

  it('tell of failed and unfinished trials', () => {
    const data = syntheticStudy({ optimizers: ['adam', 'sgd'], trials: 12 });
    Object.assign(data.trials[0] ?? {}, { state: 'failed', reason: 'killed by SIGKILL' });
    Object.assign(data.trials[1] ?? {}, { state: 'waiting' });
    const warnings = summarize(data).workloads[0]?.warnings ?? [];
    expect(warnings.find(({ kind }) => kind === 'failed')?.message).toContain('SIGKILL');
    expect(warnings.map(({ kind }) => kind)).toContain('unfinished');
  });
});

interface Row {
  optimizer: string;
  /** Of each trial, on validation data. */
  errors: number[];
  tests?: number[];
  lr?: number[];
  steps?: number;
}

/** The kinds of warnings about made-up trials of entries of a study. */
function kindsOf(rows: readonly Row[], entries: readonly object[]): (string | undefined)[][] {
  const trials: StudyData['trials'] = [];
  const measurements: StudyData['measurements'] = [];
  for (const { optimizer, errors, tests, lr, steps = 100 } of rows) {
    errors.forEach((value, number) => {
      const id = trials.length + 1;
      const point = { lr: lr?.[number] ?? 0.01 * (number + 1) };
      const key = { workload: 'w', optimizer, number, repetition: 0, stage: 0 };
      const rest = { reason: null, seed: '1', attempts: 1, seconds: 1 };
      trials.push({ id, ...key, state: 'complete', point, hyperparameters: point, ...rest });
      const at = { trial: id, step: steps, metric: 'classification_error', seconds: 1 };
      measurements.push({ ...at, split: 'validation', value });
      measurements.push({ ...at, split: 'test', value: tests?.[number] ?? value + 0.001 });
    });
  }
  const study = { name: 's', hash: 'h', machine: {}, createdAt: '2026-01-01T00:00:00Z' };
  const spec = { optimizers: entries };
  const data = { study: { ...study, spec }, stages: [], trials, measurements };
  const [workload] = summarize(data, { resamples: 10 }).workloads;
  return (workload?.warnings ?? []).map(({ kind, optimizer }) => [kind, optimizer]);
}

const entry = (optimizer: string, low = 0.001, high = 1, more: object = {}) => ({
  label: optimizer,
  optimizer,
  space: { lr: { kind: 'log', low, high } },
  untuned: [],
  ...more,
});

const spread = (from: number, count = 12) =>
  Array.from({ length: count }, (_, i) => from + 0.01 * ((i * 5) % count));

describe('warnings about the comparison', () => {
  const plain: Row[] = [
    { optimizer: 'sgd', errors: spread(0.1) },
    { optimizer: 'adam', errors: spread(0.3) },
  ];
  const apart = [entry('sgd'), entry('adam', 0.0001, 0.5)];

  it('are none where there is nothing to warn of', () => {
    expect(kindsOf(plain, apart)).toEqual([]);
  });

  it('shared-space: one range of learning rates for optimizers of different kinds', () => {
    expect(kindsOf(plain, [entry('sgd'), entry('adam')])).toEqual([['shared-space', undefined]]);
    const alike = [plain[0] as Row, { optimizer: 'momentum', errors: spread(0.3) }];
    expect(kindsOf(alike, [entry('sgd'), entry('momentum')])).toEqual([]);
  });

  it('untuned-defaults: defaults beside an optimizer that was tuned in full', () => {
    // One value in every trial, which the study does not name.
    const rows = plain;
    const keeps = entry('adam', 0.0001, 0.5, { untuned: ['lr'] });
    const constant = rows.map((row) =>
      row.optimizer === 'adam' ? { ...row, lr: row.errors.map(() => 0.01) } : row,
    );
    expect(kindsOf(constant, [entry('sgd'), keeps])).toContainEqual(['untuned-defaults', 'adam']);
    expect(kindsOf(rows, [entry('sgd'), keeps])).toEqual([]);
  });

  it('unequal-budgets: more steps for one than for another', () => {
    const longer = [plain[0] as Row, { ...(plain[1] as Row), steps: 200 }];
    expect(kindsOf(longer, apart)).toEqual([['unequal-budgets', undefined]]);
  });

  it('gap-not-shown: two that would often change places', () => {
    const close = [plain[0] as Row, { optimizer: 'adam', errors: spread(0.1001) }];
    expect(kindsOf(close, apart)).toContainEqual(['gap-not-shown', undefined]);
  });

  it('test-selection: the same numbers on both splits', () => {
    const same = [{ ...(plain[0] as Row), tests: spread(0.1) }, plain[1] as Row];
    expect(kindsOf(same, apart)).toEqual([['test-selection', 'sgd']]);
  });

  it('seeds-as-trials: trials that differ in nothing but their seed', () => {
    const seeds = [
      { ...(plain[0] as Row), lr: plain[0]?.errors.map(() => 0.01) ?? [] },
      plain[1] as Row,
    ];
    expect(kindsOf(seeds, apart)).toContainEqual(['seeds-as-trials', 'sgd']);
  });

  it('model-proposed: a stage that a model drew', () => {
    const data = syntheticStudy({ optimizers: ['adam', 'sgd'], trials: 12 });
    const stage = {
      ...{ workload: '2c2d-fashion-mnist', stage: 0, level: '', kind: 'search' as const },
      ...{ reason: '', outcome: '', supersedes: false, axes: {}, trials: 12, repetitions: 1 },
    };
    data.stages = [
      { ...stage, optimizer: 'adam', sampler: 'tpe' },
      { ...stage, optimizer: 'sgd', sampler: 'random' },
    ];
    const found = () =>
      (summarize(data, { resamples: 10 }).workloads[0]?.warnings ?? []).filter(
        ({ code }) => code === 'OC111',
      );
    expect(found().map(({ message }) => message)).toEqual([
      expect.stringMatching(/trials of adam were .*quasi-random or random/),
    ]);
    data.stages.shift();
    expect(found()).toEqual([]);
  });

  it('tuned-for-seconds: what does not repeat', () => {
    const data = syntheticStudy({ optimizers: ['adam', 'sgd'], trials: 12 });
    const codes = (over: string) => {
      data.study.spec = {
        ...(data.study.spec as object),
        objective: { metric: 'classification_error', over, target: 0.2 },
      };
      const { workloads } = summarize(data, { resamples: 10 });
      return (workloads[0]?.warnings ?? []).map(({ code }) => code);
    };
    expect(codes('seconds_to_target')).toContain('OC114');
    expect(codes('steps_to_target')).not.toContain('OC114');
  });

  it('have codes of their own, with what they mean', () => {
    const codes = WARNINGS.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const { code, explanation, advice } of WARNINGS) {
      expect(code).toMatch(/^OC[12]\d\d$/);
      expect(explanation.length).toBeGreaterThan(40);
      expect(advice.length).toBeGreaterThan(20);
    }
  });
});
