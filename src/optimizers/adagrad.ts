import { add, div, mul, sqrt, square, sub } from '../expression/expression.js';
import { epsilonDomain, nonNegative, positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';

const lr = { description: 'learning rate', default: 0.01, domain: positive, scale: 'log' } as const;

const epsilon = {
  description: 'added to the root of the sum of squares',
  default: 1e-10,
  domain: epsilonDomain,
  scale: 'log',
} as const;

/** The diagonal form of AdaGrad: the sum of all squares takes the place of an average. */
export const adagrad = defineOptimizer({
  name: 'adagrad',
  title: 'AdaGrad',
  source: 'Duchi et al. 2011, Figure 1 (diagonal)',
  lr,
  hyperparameters: { epsilon },
  state: { s: 0 },
  rule: ({ g, p, state, hyper: { epsilon }, lr }) => {
    const s = add(state.s, square(g));
    return { p: sub(p, div(mul(lr, g), add(sqrt(s), epsilon))), s };
  },
});

/** torch.optim.Adagrad: with a decay of the learning rate of its own. */
export const adagradPytorch = defineOptimizer({
  name: 'adagrad',
  title: 'AdaGrad',
  variants: ['pytorch'],
  source: 'torch.optim.Adagrad',
  lr,
  hyperparameters: {
    lr_decay: {
      description: 'divides the learning rate of step t by 1 + t times this',
      default: 0,
      domain: nonNegative,
      scale: 'log',
    },
    epsilon,
  },
  state: { s: 0 },
  rule: ({ g, p, state, hyper: { lr_decay, epsilon }, lr, t }) => {
    const s = add(state.s, square(g));
    const rate = div(lr, add(1, mul(t, lr_decay)));
    return { p: sub(p, mul(rate, div(g, add(sqrt(s), epsilon)))), s };
  },
});
