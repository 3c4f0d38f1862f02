import {
  type Domain,
  type Hyperparameter,
  nonNegative,
  positive,
} from '../optimizers/hyperparameter.js';

/** A number that a schedule has. */
export interface ScheduleParameter extends Hyperparameter {
  /**
   * Present for a number of training steps: the default as a fraction of a run. Studies give such a parameter as a
   * fraction of the budget, or of what the warm-up leaves of it.
   */
  fraction?: number;
}

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

/** What a study may give: a number of steps as a fraction of the budget. */
export function studyDomain({ fraction, domain }: ScheduleParameter): Domain {
  if (fraction === undefined) return domain;
  return { ...domain, max: 1, openMax: false };
}
