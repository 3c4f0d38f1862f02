import { average, mul, sign, sub } from '../expression/expression.js';
import { decayRate, positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';

/** Steps of one size, along the sign of the averaged gradient. */
export const signum = defineOptimizer({
  name: 'signum',
  title: 'Signum',
  source: 'Bernstein et al. 2018, algorithm 2',
  lr: { description: 'size of each step', default: 0.001, domain: positive, scale: 'log' },
  hyperparameters: {
    beta: {
      description: 'decay rate of the average',
      default: 0.9,
      domain: decayRate,
      scale: 'log_complement',
    },
  },
  state: { m: 0 },
  rule: ({ g, p, state, hyper: { beta }, lr }) => {
    const m = average(beta, state.m, g);
    return { p: sub(p, mul(lr, sign(m))), m };
  },
});
