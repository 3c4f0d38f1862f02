import { type Hyperparameter, nonNegative, positive } from '../optimizers/hyperparameter.js';

/**
 * A number that a schedule has; what counts steps is in studies a fraction of what the warm-up leaves of the budget.
 */
export type ScheduleParameter = Hyperparameter;

/** The run that defaults in steps are made for. */
const DEFAULT_RUN = 1000;

/** A number of training steps; by default this fraction of a run of 1000. */
export function steps(
  description: string,
  fraction: number,
  domain: 'positive' | 'nonNegative' = 'positive',
): ScheduleParameter {
  return {
    description,
    default: fraction * DEFAULT_RUN,
    fraction,
    domain: domain === 'positive' ? positive : nonNegative,
    scale: 'linear',
  };
}

/** A rate over the initial one, on [0, 1]. */
export function factor(description: string, value: number): ScheduleParameter {
  return { description, default: value, domain: { min: 0, max: 1 }, scale: 'log' };
}
