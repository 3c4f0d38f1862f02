import type { PointResult } from '../study-view.js';
import { eachCompetitor, type WarningDefinition } from './warning.js';

const INFEASIBLE_SHARE = 0.5;

/** Any of its repetitions. To miss a target is not to diverge. */
const hasDiverged = ({ states }: PointResult): boolean => states.includes('infeasible');

export const noFeasibleTrial: WarningDefinition = {
  code: 'OC203',
  kind: 'no-feasible-trial',
  title: 'No trial was feasible',
  explanation:
    'Every trial diverged or missed the target, so nothing is known of what the optimizer can do.',
  advice:
    'Lower the learning rates of its space; where a target was missed, allow more steps or take an easier one.',
  find: eachCompetitor(({ optimizer, points, best }) => {
    if (best || points.length === 0) return [];
    const message = points.every(hasDiverged)
      ? `No trial of ${optimizer} was feasible: all ${points.length} diverged. Lower the learning rates of its space.`
      : `No trial of ${optimizer} reached the target. Allow more steps, or set a target that can be reached.`;
    return [{ optimizer, message }];
  }),
};

export const mostlyInfeasible: WarningDefinition = {
  code: 'OC204',
  kind: 'mostly-infeasible',
  title: 'Most trials diverged',
  explanation:
    'Trials that diverge count as the worst: the budget was spent outside the region that matters.',
  advice: 'Narrow the space towards lower learning rates.',
  find: eachCompetitor(({ optimizer, points, best }) => {
    const count = points.filter(hasDiverged).length;
    if (!best || count <= INFEASIBLE_SHARE * points.length) return [];
    const message = `${count} of ${points.length} trials of ${optimizer} diverged; a space with lower learning rates would use the budget better.`;
    return [{ optimizer, message }];
  }),
};
