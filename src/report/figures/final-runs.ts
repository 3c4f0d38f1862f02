import { distribution, mean, variance } from '../../stats/distribution.js';
import { studentCritical } from '../../stats/laws/student-t.js';
import type { Competitor, TrialResult } from '../study-view.js';
import type { Estimate } from '../summary.js';
import { type IntervalRow, intervalGroup } from './dot-intervals.js';
import type { FigureFunction } from './figure.js';
import { rankedCompetitors } from './ranked.js';

const COVERAGE = 0.9;

/** The best point of each optimizer again with fresh seeds, as DeepOBS reports it (Schneider et al. 2019). */
export const finalRuns: FigureFunction = (view, summary) => {
  const { competitors, metric } = view;
  const rerun = rankedCompetitors(view, summary).filter(
    ({ finalRuns }) => finalRuns.filter(isFeasible).length > 1,
  );
  if (rerun.length === 0) return undefined;
  const rows = rerun.flatMap((competitor) => [
    ...rowOf(competitor, 'validation', ({ validation }) => validation),
    ...rowOf(competitor, 'test', ({ test }) => test ?? Number.NaN),
  ]);
  const diverged = rerun.flatMap(({ optimizer, finalRuns }) => {
    const count = finalRuns.filter(({ trial }) => trial.state === 'infeasible').length;
    return count > 0 ? [`${count} of ${finalRuns.length} of ${optimizer}`] : [];
  });
  return {
    name: 'final-runs',
    title: 'What is the best setting worth with other seeds?',
    caption:
      `The best point of each optimizer, run again with fresh seeds: the mean ${metric.label} (dot), its 90 % confidence ` +
      'interval by Student’s t (bar) and the median (tick). These runs enter no ranking. The best trial of a search is the ' +
      'luckiest of many, so its own validation value is mostly better than this mean.' +
      (diverged.length > 0 ? ` Diverged, and left out here: ${diverged.join(', ')}.` : ''),
    groups: [
      intervalGroup(rows, competitors, {
        metric,
        title: `${metric.label}, mean over seeds`,
        heading: 'mean',
        ends: ['90 % interval from', 'to'],
      }),
    ],
  };
};

const isFeasible = ({ validation }: TrialResult): boolean => Number.isFinite(validation);

function rowOf(
  { optimizer, finalRuns }: Competitor,
  series: string,
  of: (run: TrialResult) => number,
): IntervalRow[] {
  const values = finalRuns.filter(isFeasible).map(of).filter(Number.isFinite);
  return values.length > 1 ? [{ optimizer, series, estimate: meanOf(values) }] : [];
}

/** Mean, its interval, and the median of the values. */
function meanOf(values: readonly number[]): Estimate {
  const law = distribution(values);
  const value = mean(law);
  const n = values.length;
  const freedom = n - 1;
  const half = studentCritical(COVERAGE, freedom) * Math.sqrt(variance(law) / freedom);
  const middle = [freedom >> 1, n >> 1].map((i) => law.values[i] as number);
  const median = ((middle[0] as number) + (middle[1] as number)) / 2;
  return { value, low: value - half, median, high: value + half };
}
