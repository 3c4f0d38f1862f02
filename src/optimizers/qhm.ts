import { average, mul, sub } from '../expression/expression.js';
import { decayRate, positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';

/** Quasi-hyperbolic momentum: a mean of the gradient and its average. */
export const qhm = defineOptimizer({
  name: 'qhm',
  title: 'QHM',
  source: 'Ma & Yarats 2019',
  lr: { description: 'learning rate', default: 1, domain: positive, scale: 'log' },
  hyperparameters: {
    beta: {
      description: 'decay rate of the average',
      default: 0.999,
      domain: decayRate,
      scale: 'log_complement',
    },
    nu: {
      description: 'weight of the average in the step',
      default: 0.7,
      domain: { min: 0, max: 1 },
      scale: 'linear',
    },
  },
  state: { m: 0 },
  rule: ({ g, p, state, hyper: { beta, nu }, lr }) => {
    const m = average(beta, state.m, g);
    return { p: sub(p, mul(lr, average(nu, m, g))), m };
  },
});
