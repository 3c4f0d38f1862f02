import { epsilonDomain, positive } from './hyperparameter.js';

/** Of rules that estimate the distance from the start to a solution, and take their steps in proportion to it. */
export const factorOfDistance = {
  description: 'factor of the step that follows from the estimated distance',
  default: 1,
  domain: positive,
  scale: 'log',
} as const;

export const d0 = {
  description: 'first estimate of the distance to a solution',
  default: 1e-6,
  domain: epsilonDomain,
  scale: 'log',
} as const;
