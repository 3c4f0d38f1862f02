import { mul, sign, sub } from '../expression/expression.js';
import { positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';

/** Steps of one size, along the sign of each gradient. */
export const signSgd = defineOptimizer({
  name: 'signsgd',
  title: 'signSGD',
  source: 'Bernstein et al. 2018, algorithm 1',
  lr: { description: 'size of each step', default: 0.001, domain: positive, scale: 'log' },
  hyperparameters: {},
  rule: ({ g, p, lr }) => ({ p: sub(p, mul(lr, sign(g))) }),
});
