import { add, mul, select, sub } from '../expression/expression.js';
import { positive } from './hyperparameter.js';
import { gamma } from './moments.js';
import { defineOptimizer } from './optimizer.js';

const lr = { description: 'learning rate', default: 0.01, domain: positive, scale: 'log' } as const;

/** SGD with heavy-ball momentum. */
export const momentum = defineOptimizer({
  name: 'momentum',
  title: 'Momentum',
  source: 'Polyak 1964; Choi et al. 2019, Table 1',
  lr,
  hyperparameters: { gamma },
  state: { v: 0 },
  rule: ({ g, p, state, hyper: { gamma }, lr }) => {
    const v = add(mul(gamma, state.v), g);
    return { p: sub(p, mul(lr, v)), v };
  },
});

/** torch.optim.SGD(momentum=γ, dampening=d): the same without dampening, which spares the first gradient. */
export const momentumPytorch = defineOptimizer({
  name: 'momentum',
  title: 'Momentum',
  variants: ['pytorch'],
  source: 'torch.optim.SGD(momentum=γ)',
  lr,
  hyperparameters: {
    gamma,
    dampening: {
      description: 'what a gradient after the first loses on its way into the velocity',
      default: 0,
      domain: { min: 0, max: 1 },
      scale: 'linear',
    },
  },
  state: { v: 0 },
  rule: ({ g, p, state, hyper: { gamma, dampening }, lr, t }) => {
    const v = add(mul(gamma, state.v), mul(select(t, sub(1, dampening), 1), g));
    return { p: sub(p, mul(lr, v)), v };
  },
});
