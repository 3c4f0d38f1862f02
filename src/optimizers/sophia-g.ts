import {
  average,
  div,
  max,
  min,
  mul,
  named,
  select,
  square,
  sub,
} from '../expression/expression.js';
import { decayRate, epsilonDomain, nonNegative, positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';
import { every, isDue } from './preconditioner.js';

/**
 * Momentum over the diagonal of the Gauss–Newton matrix, each element's step clipped. The diagonal is estimated every k
 * steps from labels that the model's own predictions are drawn as.
 */
export const sophiaG = defineOptimizer({
  name: 'sophia-g',
  title: 'Sophia-G',
  source:
    'Liu et al. 2023, Algorithm 3 with the estimator of Algorithm 2; their code adds 1e-15 to the denominator, where the algorithm has its least value ε',
  lr: {
    description: 'learning rate, and size of the greatest step',
    default: 0.0001,
    domain: positive,
    scale: 'log',
  },
  hyperparameters: {
    beta1: {
      description: 'decay rate of the first moment',
      default: 0.96,
      domain: decayRate,
      scale: 'log_complement',
    },
    beta2: {
      description: 'decay rate of the diagonal',
      default: 0.99,
      domain: decayRate,
      scale: 'log_complement',
    },
    gamma: {
      description: 'factor of the diagonal, the authors’ `rho`: the lower, the more is clipped',
      default: 0.05,
      domain: nonNegative,
      scale: 'log',
    },
    epsilon: {
      description: 'least denominator',
      default: 1e-12,
      domain: epsilonDomain,
      scale: 'log',
    },
    lambda: {
      description: 'decay of the parameters, times the learning rate',
      default: 0.2,
      domain: nonNegative,
      scale: 'log',
    },
    every: every('steps between two estimates of the diagonal'),
  },
  state: { m: 0, h: 0 },
  rule: ({ g, g_sampled, p, state, hyper, lr, t }) => {
    const { beta1, beta2, gamma, epsilon, lambda } = hyper;
    const m = average(beta1, state.m, g);
    const due = isDue(t, hyper.every);
    const h = select(due, average(beta2, state.h, square(g_sampled)), state.h);
    const r = named('r', div(m, max(mul(gamma, h), epsilon)));
    const decayed = mul(sub(1, mul(lr, lambda)), p);
    return { p: sub(decayed, mul(lr, max(min(r, 1), -1))), m, h };
  },
});
