import { eachCompetitor, type WarningDefinition } from './warning.js';

const INFEASIBLE_SHARE = 0.5;

export const noFeasibleTrial: WarningDefinition = {
  code: 'OC203',
  kind: 'no-feasible-trial',
  title: 'No trial was feasible',
  explanation: 'Every trial diverged, so nothing is known of what the optimizer can do.',
  advice: 'Lower the learning rates of its space.',
  find: eachCompetitor(({ optimizer, points, best }) => {
    if (best || points.length === 0) return [];
    const message = `No trial of ${optimizer} was feasible: all ${points.length} diverged. Lower the learning rates of its space.`;
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
    const count = points.filter(({ validation }) => !Number.isFinite(validation)).length;
    if (!best || count <= INFEASIBLE_SHARE * points.length) return [];
    const message = `${count} of ${points.length} trials of ${optimizer} diverged; a space with lower learning rates would use the budget better.`;
    return [{ optimizer, message }];
  }),
};
