import type { Competitor, WorkloadView } from '../study-view.js';
import type { WorkloadSummary } from '../summary.js';

/** The optimizers with a feasible trial, the best first. */
export function rankedCompetitors(
  { competitors }: WorkloadView,
  { rows }: WorkloadSummary,
): Competitor[] {
  return rows.flatMap(({ optimizer }) =>
    competitors.filter((competitor) => competitor.optimizer === optimizer && competitor.best),
  );
}
