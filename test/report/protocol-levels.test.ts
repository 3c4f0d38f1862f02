import { describe, expect, it } from 'vitest';
import { overallVerdict } from '../../src/report/overall-verdict.js';
import { viewStudy } from '../../src/report/study-view.js';
import { summarize } from '../../src/report/summary.js';
import { renderReport } from '../../src/report/write-report.js';
import type { StageRecord, StudyData, Trial } from '../../src/store/records.js';

interface Written {
  optimizer: string;
  stage: number;
  level: string;
  supersedes?: boolean;
  kind?: StageRecord['kind'];
  errors: number[];
}

const axis = (low: number, high: number) => ({ lr: { kind: 'log', low, high } });

/** A study of one workload whose n-th trial has the n-th error, its rate 10^−stage. */
function study(stages: readonly Written[]): StudyData {
  const trials: Trial[] = [];
  const measurements: StudyData['measurements'] = [];
  const numbers = new Map<string, number>();
  for (const { optimizer, stage, errors } of stages) {
    for (const value of errors) {
      const number = numbers.get(optimizer) ?? 0;
      numbers.set(optimizer, number + 1);
      const id = trials.length + 1;
      const point = { lr: 10 ** -stage * (1 + number / 100) };
      const key = { workload: 'w', optimizer, number, repetition: 0, stage };
      const rest = { reason: null, seed: '1', attempts: 1, seconds: 1 };
      trials.push({ id, ...key, state: 'complete', point, hyperparameters: point, ...rest });
      const measured = { trial: id, step: 10, metric: 'classification_error', seconds: 1 };
      measurements.push({ ...measured, split: 'validation', value });
    }
  }
  return {
    study: { name: 's', spec: {}, hash: 'h', machine: {}, createdAt: '2026-01-01T00:00:00Z' },
    stages: stages.map(
      ({ optimizer, stage, level, supersedes = false, kind = 'search', errors }) => ({
        workload: 'w',
        optimizer,
        stage,
        level,
        kind,
        reason: 'because',
        outcome: 'done',
        supersedes,
        axes: axis(10 ** -(stage + 1), 10 ** -stage * 2),
        sampler: 'sobol',
        trials: errors.length,
        repetitions: 1,
      }),
    ),
    trials,
    measurements,
  };
}

function verdictOf(data: StudyData) {
  const views = viewStudy(data);
  const { workloads } = summarize(data, { resamples: 20 });
  return overallVerdict(
    views.flatMap((view, i) => {
      const summary = workloads[i];
      return summary === undefined ? [] : [{ view, summary }];
    }),
  );
}

describe('the levels and stages of a protocol', () => {
  const progression = study([
    { optimizer: 'sgd', stage: 0, level: 'rate', errors: [0.2, 0.3] },
    { optimizer: 'adam', stage: 0, level: 'rate', errors: [0.25, 0.35] },
    { optimizer: 'adam', stage: 1, level: 'rate', kind: 'final_runs', errors: [0.01] },
    { optimizer: 'sgd', stage: 1, level: 'all', errors: [0.19, 0.3] },
    { optimizer: 'adam', stage: 2, level: 'all', errors: [0.1, 0.3] },
  ]);

  it('compares each level on its own, without the final runs', () => {
    const views = viewStudy(progression);
    const best = views.map(({ workload, competitors }) => [
      workload,
      Object.fromEntries(competitors.map((c) => [c.optimizer, c.best?.validation])),
    ]);
    expect(best).toEqual([
      ['w, rate', { sgd: 0.2, adam: 0.25 }],
      ['w, all', { sgd: 0.19, adam: 0.1 }],
    ]);
  });

  it('counts the stage that supersedes the ones before it, with its bounds', () => {
    const narrowed = study([
      { optimizer: 'sgd', stage: 0, level: '', errors: [0.1, 0.2] },
      { optimizer: 'sgd', stage: 1, level: '', supersedes: true, errors: [0.3] },
    ]);
    const [view, ...others] = viewStudy(narrowed);
    expect(others).toEqual([]);
    expect(view?.workload).toBe('w');
    expect(view?.competitors[0]?.best?.validation).toBe(0.3);
    expect(view?.competitors[0]?.axes).toEqual([{ name: 'lr', scale: 'log', bounds: [0.01, 0.2] }]);
  });

  it('counts all stages of a grid that grows, with its bounds from end to end', () => {
    const grown = study([
      { optimizer: 'sgd', stage: 0, level: '', errors: [0.1, 0.2] },
      { optimizer: 'sgd', stage: 1, level: '', errors: [0.3] },
    ]);
    const [view] = viewStudy(grown);
    expect(view?.competitors[0]?.points).toHaveLength(3);
    expect(view?.competitors[0]?.axes[0]?.bounds).toEqual([0.01, 2]);
  });

  it('says in words what the levels come to', () => {
    const { headline, sentences } = verdictOf(progression);
    expect(headline).toBe('The winner changes with what is tuned: from sgd to adam');
    expect(sentences[1]).toContain('almost certain, at this budget of trials, on none of 2 levels');
    expect(sentences.at(-1)).toMatch(/^With “all” tuned, adam .*lie within 9.00 percentage points/);
    const steady = study([
      { optimizer: 'sgd', stage: 0, level: 'rate', errors: [0.2, 0.3] },
      { optimizer: 'adam', stage: 0, level: 'rate', errors: [0.25, 0.35] },
      { optimizer: 'sgd', stage: 1, level: 'all', errors: [0.1, 0.3] },
      { optimizer: 'adam', stage: 1, level: 'all', errors: [0.19, 0.3] },
    ]);
    expect(verdictOf(steady).headline).toBe('sgd leads at every level of tuning');
  });

  it('says in words what several workloads come to', () => {
    const one = study([
      { optimizer: 'sgd', stage: 0, level: '', errors: [0.2, 0.3] },
      { optimizer: 'adam', stage: 0, level: '', errors: [0.25, 0.35] },
    ]);
    const other = structuredClone(one);
    const shift = one.trials.length;
    const moved = other.trials.map((trial) => ({ ...trial, id: trial.id + shift, workload: 'v' }));
    const measured = other.measurements.map((m) => ({ ...m, trial: m.trial + shift }));
    const stages = other.stages.map((stage) => ({ ...stage, workload: 'v' }));
    const both = {
      ...one,
      stages: [...one.stages, ...stages],
      trials: [...one.trials, ...moved],
      measurements: [...one.measurements, ...measured],
    };
    expect(verdictOf(both).headline).toBe('sgd leads on all 2 workloads');
  });

  it('draws how the ranking changes from level to level', async () => {
    const { html, svg } = await renderReport(progression, { resamples: 20 });
    expect(html).toContain('The winner changes with what is tuned: from sgd to adam');
    expect(html).toContain('What tuning more changes on w');
    expect([...svg.keys()]).toContain('progression-0.svg');
  });
});
