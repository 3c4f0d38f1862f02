import { formatCount } from '../format.js';
import type { Competitor, WorkloadView } from '../study-view.js';
import type { Finding, WarningDefinition } from './warning.js';

export const unequalBudgets: WarningDefinition = {
  code: 'OC107',
  kind: 'unequal-budgets',
  title: 'Optimizers trained for different numbers of steps',
  explanation: 'The optimizer that may train longer is better by its budget, whatever its rule.',
  advice: 'Compare at one budget of steps, with schedules that end there.',
  find,
};

function find({ competitors, target }: WorkloadView): Finding[] {
  // Trials may end at their target.
  if (target !== null) return [];
  const lengths = competitors.flatMap((competitor) => {
    const steps = longest(competitor);
    return steps > 0 ? [{ optimizer: competitor.optimizer, steps }] : [];
  });
  const shortest = lengths.reduce((a, b) => (b.steps < a.steps ? b : a), lengths[0] ?? NONE);
  const most = lengths.reduce((a, b) => (b.steps > a.steps ? b : a), lengths[0] ?? NONE);
  if (most.steps === shortest.steps) return [];
  const message = `${most.optimizer} trained for up to ${formatCount(most.steps)} steps, ${shortest.optimizer} for ${formatCount(shortest.steps)}.`;
  return [{ message }];
}

const NONE = { optimizer: '', steps: 0 };

/** Of trials that ran to their end. */
function longest({ trials }: Competitor): number {
  const ends = trials
    .filter(({ trial }) => trial.state === 'complete')
    .map(({ curve }) => curve.at(-1)?.step ?? 0);
  return Math.max(0, ...ends);
}
