import { describe, expect, it } from 'vitest';
import { viewStudy } from '../../src/report/study-view.js';
import { summarize } from '../../src/report/summary.js';
import { verdict } from '../../src/report/verdict.js';
import { renderReport } from '../../src/report/write-report.js';
import type { StudyData } from '../../src/store/records.js';
import { syntheticStudy } from '../support/synthetic-study.js';

const TARGET = 0.2;

/** Two optimizers: sgd ends lower, adam is at the target sooner in steps, and later in seconds. */
function study(over: string): StudyData {
  const data = syntheticStudy({ optimizers: ['sgd', 'adam'], trials: 2 });
  const curves: Record<string, number[]> = { sgd: [0.9, 0.3, 0.1], adam: [0.9, 0.2, 0.2] };
  const trials = data.trials.map((trial) => ({
    ...trial,
    state: trial.number === 0 ? ('complete' as const) : ('infeasible' as const),
  }));
  const measurements = trials.flatMap(({ id, optimizer }) =>
    (curves[optimizer] ?? []).flatMap((value, i) =>
      (['validation', 'test'] as const).map((split) => ({
        ...{ trial: id, step: 100 * i, split, metric: 'classification_error', value },
        seconds: (optimizer === 'adam' ? 5 : 2) * i,
      })),
    ),
  );
  const objective = { metric: 'classification_error', split: 'validation', over, target: TARGET };
  const spec = { ...(data.study.spec as object), objective };
  return { ...data, study: { ...data.study, spec }, trials, measurements };
}

const ranking = (data: StudyData) => {
  const [workload] = summarize(data, { resamples: 20 }).workloads;
  return workload?.rows.map(({ optimizer, validation }) => [optimizer, validation?.value]);
};

describe('a study of steps to a target', () => {
  it('ranks by steps, not by where trials end', () => {
    expect(ranking(study('steps_to_target'))).toEqual([
      ['adam', 100],
      ['sgd', 200],
    ]);
    expect(ranking(study('best'))).toEqual([
      ['sgd', 0.1],
      ['adam', 0.2],
    ]);
  });

  it('ranks by seconds where it was tuned for them', () => {
    expect(ranking(study('seconds_to_target'))).toEqual([
      ['sgd', 4],
      ['adam', 5],
    ]);
  });

  it('says so in words, and draws curves of the metric itself', async () => {
    const data = study('steps_to_target');
    const [workload] = summarize(data, { resamples: 20 }).workloads;
    const { sentences } = verdict(workload as NonNullable<typeof workload>);
    const first = sentences[0]?.replaceAll('\u00a0', ' ');
    expect(first).toBe(
      'The best trial of adam took 100 steps to 20.00 % error, 100 below the best of sgd, which came second.',
    );
    const { html } = await renderReport(data, { resamples: 20 });
    const text = html.replaceAll('\u00a0', ' ');
    expect(text).toContain('Its score is the steps until its validation error was at the target');
    expect(text).toContain('Validation error over the training steps');
    expect(text).not.toContain('validation steps');
    // The ranking shows the steps already.
    expect(text).not.toContain('id="steps-to-target-0"');
  });

  it('counts trials that miss the target as the worst', () => {
    const data = study('steps_to_target');
    const missed = data.measurements.map((m) => ({ ...m, value: m.value + 0.15 }));
    const [view] = viewStudy({ ...data, measurements: missed });
    const points = view?.competitors.flatMap((c) => c.points.map(({ validation }) => validation));
    expect(points).toEqual([Infinity, Infinity, Infinity, Infinity]);
    const [workload] = summarize({ ...data, measurements: missed }, { resamples: 5 }).workloads;
    expect(workload?.warnings.map(({ message }) => message)).toContain(
      'No trial of sgd reached the target. Allow more steps, or set a target that can be reached.',
    );
  });

  it('can be ranked by the metric all the same', () => {
    const [view] = viewStudy(study('steps_to_target'), { over: 'best' });
    expect(view?.metric.name).toBe('classification_error');
    expect(view?.competitors.map(({ best }) => best?.validation)).toEqual([0.1, 0.2]);
  });
});
