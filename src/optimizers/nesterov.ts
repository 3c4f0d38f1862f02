import { add, mul, sub } from '../expression/expression.js';
import { positive } from './hyperparameter.js';
import { gamma } from './moments.js';
import { defineOptimizer } from './optimizer.js';

/** SGD with Nesterov's momentum. PyTorch's `SGD(momentum=γ, nesterov=True)` is the same. */
export const nesterov = defineOptimizer({
  name: 'nesterov',
  title: 'Nesterov',
  variants: ['paper', 'pytorch'],
  source: 'Nesterov 1983; Sutskever et al. 2013; Choi et al. 2019, Table 1',
  lr: { description: 'learning rate', default: 0.01, domain: positive, scale: 'log' },
  hyperparameters: {
    gamma,
  },
  state: { v: 0 },
  rule: ({ g, p, state, hyper: { gamma }, lr }) => {
    const v = add(mul(gamma, state.v), g);
    return { p: sub(p, mul(lr, add(mul(gamma, v), g))), v };
  },
});
