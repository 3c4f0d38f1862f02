import { abs, add, average, div, max, mul, named, pow, sub } from '../expression/expression.js';
import { positive } from './hyperparameter.js';
import { beta1, beta2, epsilon } from './moments.js';
import { defineOptimizer } from './optimizer.js';

/** Adam with the decayed greatest gradient in place of the second moment's root. PyTorch's `Adamax` is the same. */
export const adamax = defineOptimizer({
  name: 'adamax',
  title: 'AdaMax',
  variants: ['paper', 'pytorch'],
  source: 'Kingma & Ba 2015, Algorithm 2, with ε as in torch.optim.Adamax',
  lr: { description: 'learning rate', default: 0.002, domain: positive, scale: 'log' },
  hyperparameters: {
    beta1,
    beta2: { ...beta2, description: 'decay rate of the infinity norm' },
    epsilon: { ...epsilon, description: 'added to the size of the gradient; the paper has none' },
  },
  state: { m: 0, u: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon }, lr, t }) => {
    const m = average(beta1, state.m, g);
    const u = max(mul(beta2, state.u), add(abs(g), epsilon));
    const b = named('b', sub(1, pow(beta1, add(t, 1))));
    return { p: sub(p, div(mul(div(lr, b), m), u)), m, u };
  },
});
