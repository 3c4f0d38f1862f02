import { mul, sub } from '../expression/expression.js';
import { positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';

/** Stochastic gradient descent. PyTorch's is the same. */
export const sgd = defineOptimizer({
  name: 'sgd',
  title: 'SGD',
  variants: ['paper', 'pytorch'],
  source: 'Robbins & Monro 1951; Choi et al. 2019, Table 1',
  lr: { description: 'learning rate', default: 0.01, domain: positive, scale: 'log' },
  hyperparameters: {},
  rule: ({ g, p, lr }) => ({ p: sub(p, mul(lr, g)) }),
});
