import { add, mul, sub } from '../expression/expression.js';
import { decayRate, positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';

/** SGD with heavy-ball momentum. PyTorch's `SGD(momentum=γ)` is the same. */
export const momentum = defineOptimizer({
  name: 'momentum',
  title: 'Momentum',
  variants: ['paper', 'pytorch'],
  source: 'Polyak 1964; Choi et al. 2019, Table 1',
  lr: { description: 'learning rate', default: 0.01, domain: positive, scale: 'log' },
  hyperparameters: {
    gamma: {
      description: 'decay rate of the velocity',
      default: 0.9,
      domain: decayRate,
      scale: 'log_complement',
    },
  },
  state: { v: 0 },
  rule: ({ g, p, state, hyper: { gamma }, lr }) => {
    const v = add(mul(gamma, state.v), g);
    return { p: sub(p, mul(lr, v)), v };
  },
});
