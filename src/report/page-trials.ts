import { formatCount, formatMetric, formatSetting } from './format.js';
import type { Competitor, PointResult, WorkloadView } from './study-view.js';

/** The trials of an optimizer on a workload as ready texts: what the page's script tells of a dot. */
export interface TrialTable {
  optimizer: string;
  columns: string[];
  /** By number of the trial, a text a column. */
  rows: Record<number, string[]>;
}

/** By workload, in the page's order, then by the optimizer's place in the study. */
export function pageTrials(views: readonly WorkloadView[]): Record<number, TrialTable>[] {
  return views.map((view) =>
    Object.fromEntries(
      view.competitors.map((competitor) => [competitor.index, tableOf(competitor, view)]),
    ),
  );
}

function tableOf({ optimizer, axes, points, untuned }: Competitor, view: WorkloadView): TrialTable {
  const { metric } = view;
  const sampled = axes.map(({ name }) => name);
  const constant = new Set(untuned.map(({ name }) => name));
  const derived = Object.keys(points[0]?.first.trial.hyperparameters ?? {}).filter(
    (name) => !sampled.includes(name) && !constant.has(name),
  );
  const cells = ({ first, validation, test }: PointResult): string[] => [
    formatMetric(validation, metric),
    formatMetric(test, metric),
    first.step === null ? '–' : formatCount(first.step),
    ...sampled.map((name) => formatSetting(first.trial.point[name] ?? '–')),
    ...derived.map((name) => formatSetting(first.trial.hyperparameters[name] ?? '–')),
  ];
  return {
    optimizer,
    columns: [...[metric.full, `test ${metric.label}`, 'at step'], ...[...sampled, ...derived]],
    rows: Object.fromEntries(points.map((point) => [point.number, cells(point)])),
  };
}
