import { decayRate, epsilonDomain, nonNegative, positive } from './hyperparameter.js';

/** Hyperparameters of Adam, which its relatives share. */
export const adamRate = {
  description: 'learning rate',
  default: 0.001,
  domain: positive,
  scale: 'log',
} as const;

export const beta1 = {
  description: 'decay rate of the first moment',
  default: 0.9,
  domain: decayRate,
  scale: 'log_complement',
} as const;

export const beta2 = {
  description: 'decay rate of the second moment',
  default: 0.999,
  domain: decayRate,
  scale: 'log_complement',
} as const;

export const epsilon = {
  description: 'added to the root of the second moment',
  default: 1e-8,
  domain: epsilonDomain,
  scale: 'log',
} as const;

/** Decoupled weight decay. */
export const lambda = {
  description: 'decay of the parameters, times the learning rate',
  default: 0.01,
  domain: nonNegative,
  scale: 'log',
} as const;

/** The velocity's. */
export const gamma = {
  description: 'decay rate of the velocity',
  default: 0.9,
  domain: decayRate,
  scale: 'log_complement',
} as const;
