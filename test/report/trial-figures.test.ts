import { describe, expect, it } from 'vitest';
import { cost } from '../../src/report/figures/cost.js';
import type { Figure, FigureFunction } from '../../src/report/figures/figure.js';
import { finalRuns } from '../../src/report/figures/final-runs.js';
import { importance } from '../../src/report/figures/importance.js';
import { learningCurves } from '../../src/report/figures/learning-curves.js';
import { parallelCoordinates } from '../../src/report/figures/parallel-coordinates.js';
import { robustness } from '../../src/report/figures/robustness.js';
import { trainingLoss } from '../../src/report/figures/training-loss.js';
import { viewStudy } from '../../src/report/study-view.js';
import { summarize } from '../../src/report/summary.js';
import { secondsTicks } from '../../src/report/ticks.js';
import type { StudyData } from '../../src/store/records.js';
import { syntheticStudy } from '../support/synthetic-study.js';

function figure(draw: FigureFunction, data: StudyData): Figure | undefined {
  const [view] = viewStudy(data);
  const [workload] = summarize(data, { resamples: 200 }).workloads;
  return view && workload && draw(view, workload);
}

const column = (drawn: Figure | undefined, group: number, index: number): string[] =>
  drawn?.groups[group]?.table.rows.map((row) => String(row[index])) ?? [];

const data = syntheticStudy({ optimizers: ['sgd', 'momentum', 'adam'], trials: 40 });

describe('the figure of training loss', () => {
  it('shows the lowest training loss of any trial, the lowest first', () => {
    const drawn = figure(trainingLoss, data);
    const lowest = column(drawn, 0, 0).map((optimizer) => {
      const own = new Set(
        data.trials
          .filter((trial) => trial.optimizer === optimizer && trial.state === 'complete')
          .map(({ id }) => id),
      );
      const losses = data.measurements.flatMap(({ trial, split, metric, value }) =>
        own.has(trial) && split === 'train' && metric === 'cross_entropy' ? value : [],
      );
      return Math.min(...losses);
    });
    expect(lowest).toHaveLength(3);
    expect(lowest).toEqual(lowest.toSorted((a, b) => a - b));
    const shown = column(drawn, 0, 1).map(Number);
    for (const [i, value] of shown.entries()) expect(value).toBeCloseTo(lowest[i] as number, 3);
  });

  it('is left out where no training loss was measured', () => {
    const measurements = data.measurements.filter(({ split }) => split !== 'train');
    expect(figure(trainingLoss, { ...data, measurements })).toBeUndefined();
  });
});

describe('final runs', () => {
  /** Ten runs of sgd's best point with other seeds, one of them diverged. */
  const withFinalRuns = (): StudyData => {
    const one = syntheticStudy({ optimizers: ['sgd'], trials: 12 });
    const stage = (index: number, kind: 'search' | 'final_runs') => ({
      ...{ workload: '2c2d-fashion-mnist', optimizer: 'sgd', stage: index, level: '', kind },
      ...{ reason: '', outcome: null, supersedes: false, axes: {}, sampler: 'sobol' },
      ...{ trials: 1, repetitions: 1 },
    });
    const [first] = one.trials;
    const runs = Array.from({ length: 10 }, (_, repetition) => ({
      ...(first as StudyData['trials'][number]),
      ...{ id: 1000 + repetition, number: 12, repetition, stage: 1 },
      state: repetition === 9 ? ('infeasible' as const) : ('complete' as const),
    }));
    const measurements = runs.flatMap(({ id, repetition }) =>
      [100, 200].map((step) => ({
        ...{ trial: id, step, split: 'validation' as const, seconds: 1 },
        ...{ metric: 'classification_error', value: 0.1 + repetition / 100 },
      })),
    );
    return {
      ...one,
      stages: [stage(0, 'search'), stage(1, 'final_runs')],
      trials: [...one.trials, ...runs],
      measurements: [...one.measurements, ...measurements],
    };
  };

  it('show the mean over seeds with its interval, and enter no ranking', () => {
    const drawn = figure(finalRuns, withFinalRuns());
    // 0.10, 0.11, …, 0.18: mean 0.14, standard error √(0.00075/9), t(0.95, 8) = 1.8595.
    expect(drawn?.groups[0]?.table.rows).toEqual([
      ['sgd', '14.00\u00a0%', '12.30\u00a0%', '14.00\u00a0%', '15.70\u00a0%'],
    ]);
    expect(drawn?.caption).toContain('Diverged, and left out here: 1 of 10 of sgd');
    const [view] = viewStudy(withFinalRuns());
    expect(view?.competitors[0]?.points).toHaveLength(12);
    expect(view?.competitors[0]?.finalRuns).toHaveLength(10);
  });

  it('are a band behind the learning curve', () => {
    const drawn = figure(learningCurves, withFinalRuns());
    expect(drawn?.groups[1]?.title).toContain('the band is its setting with other seeds');
    expect(JSON.stringify(drawn?.groups[1]?.panels[0]?.spec(300))).toContain(
      JSON.stringify({ step: 100, value: 0.1, high: 0.18 }),
    );
  });

  it('are left out where there are none', () => {
    expect(figure(finalRuns, data)).toBeUndefined();
    expect(figure(learningCurves, data)?.groups[1]?.title).not.toContain('band');
  });
});

describe('the figure of cost', () => {
  it('adds up the seconds of all trials', () => {
    const long = { ...data, trials: data.trials.map((trial) => ({ ...trial, seconds: 90 })) };
    const drawn = figure(cost, long);
    expect(column(drawn, 0, 1)).toEqual(['1 min 30 s', '1 min 30 s', '1 min 30 s']);
    expect(column(drawn, 0, 2)).toEqual(['1 h 0 min', '1 h 0 min', '1 h 0 min']);
  });

  it('is left out where no time was kept', () => {
    const timeless = { ...data, trials: data.trials.map((trial) => ({ ...trial, seconds: 0 })) };
    expect(figure(cost, timeless)).toBeUndefined();
  });

  it('has ticks of round spans of time', () => {
    expect(secondsTicks(0.4, 200, 20).labels.map((label) => label.replace('\u00a0', ' '))).toEqual([
      '1 s',
      '2 s',
      '5 s',
      '10 s',
      '20 s',
      '30 s',
      '1 min',
      '2 min',
    ]);
    expect(secondsTicks(3000, 1e6, 3).values).toHaveLength(3);
    expect(secondsTicks(0.01, 1, 5).labels).toEqual(['0.01', '0.03', '0.1', '0.3', '1']);
  });
});

describe('the figure of robustness', () => {
  /** Two optimizers with one trial each: one learns fast, the other ends lower. */
  const crossing = (): StudyData => {
    const two = syntheticStudy({ optimizers: ['sgd', 'adam'], trials: 1 });
    const steps = [0, 100, 200, 300, 400];
    const curves = { sgd: [0.9, 0.3, 0.25, 0.25, 0.25], adam: [0.9, 0.8, 0.6, 0.3, 0.1] };
    const trials = two.trials.map((trial) => ({ ...trial, state: 'complete' as const }));
    const measurements = trials.flatMap(({ id, optimizer }) =>
      steps.map((step, i) => ({
        trial: id,
        step,
        split: 'validation' as const,
        metric: 'classification_error',
        value: curves[optimizer as 'sgd' | 'adam'][i] as number,
        seconds: 0,
      })),
    );
    return { ...two, trials, measurements };
  };

  it('tells the winner at each budget and the steps to each target', () => {
    const drawn = figure(robustness, crossing());
    expect(column(drawn, 0, 0)).toEqual(['100', '200', '300', '400']);
    expect(column(drawn, 0, 1)).toEqual(['sgd', 'sgd', 'sgd', 'adam']);
    const target = column(drawn, 1, 0).indexOf('25.00\u00a0%');
    const header = drawn?.groups[1]?.table.columns.map(({ label }) => label) ?? [];
    expect(column(drawn, 1, header.indexOf('adam'))[target]).toBe('400');
    expect(column(drawn, 1, header.indexOf('sgd'))[target]).toBe('200');
  });

  it('is left out where trials were measured once', () => {
    expect(figure(robustness, syntheticStudy({ evaluations: 1, trials: 4 }))).toBeUndefined();
  });
});

describe('the figure of importances', () => {
  it('finds the axis that the metric depends on', () => {
    const drawn = figure(importance, data);
    const rows = drawn?.groups[0]?.table.rows ?? [];
    const adam = rows.filter(([optimizer]) => optimizer === 'adam');
    expect(adam[0]?.[1]).toBe('lr/epsilon');
    const total = adam.reduce((sum, row) => sum + Number.parseInt(String(row[2]), 10), 0);
    expect(total).toBeGreaterThan(90);
    expect(total).toBeLessThanOrEqual(102);
    // One axis explains all there is.
    expect(rows.some(([optimizer]) => optimizer === 'sgd')).toBe(false);
  });

  it('is left out with few trials', () => {
    expect(figure(importance, syntheticStudy({ trials: 4 }))).toBeUndefined();
  });
});

describe('parallel coordinates', () => {
  it('are drawn for spaces of several axes, the best trial first in the table', () => {
    const drawn = figure(parallelCoordinates, data);
    expect(drawn?.groups.map(({ title }) => title).sort()).toEqual(['adam', 'momentum']);
    const [view] = viewStudy(data);
    for (const group of drawn?.groups ?? []) {
      const best = view?.competitors.find(({ optimizer }) => optimizer === group.title)?.best;
      expect(group.table.rows[0]?.[0]).toBe(String(best?.number));
      expect(group.table.rows).toHaveLength(4);
    }
  });
});
