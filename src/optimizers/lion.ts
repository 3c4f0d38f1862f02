import { add, average, mul, sign, sub } from '../expression/expression.js';
import { decayRate, nonNegative, positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';

/** Steps of one size, along the sign of a mean of gradient and momentum; decoupled weight decay. */
export const lion = defineOptimizer({
  name: 'lion',
  title: 'Lion',
  source: 'Chen et al. 2023, algorithm 2',
  lr: { description: 'size of each step', default: 0.0001, domain: positive, scale: 'log' },
  hyperparameters: {
    beta1: {
      description: 'weight of the momentum in the step',
      default: 0.9,
      domain: decayRate,
      scale: 'log_complement',
    },
    beta2: {
      description: 'decay rate of the momentum',
      default: 0.99,
      domain: decayRate,
      scale: 'log_complement',
    },
    lambda: {
      description: 'decay of the parameters, times the learning rate',
      default: 0,
      domain: nonNegative,
      scale: 'log',
    },
  },
  state: { m: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, lambda }, lr }) => ({
    p: sub(p, mul(lr, add(sign(average(beta1, state.m, g)), mul(lambda, p)))),
    m: average(beta2, state.m, g),
  }),
});
