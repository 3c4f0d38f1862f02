import { add, average, div, mul, named, pow, sqrt, square, sub } from '../expression/expression.js';
import { adamRate, beta1, beta2, epsilon } from './moments.js';
import { defineOptimizer } from './optimizer.js';

const hyperparameters = {
  beta1,
  beta2,
  epsilon,
} as const;

/** Adam with the bias correction outside the root's ε. */
export const adam = defineOptimizer({
  name: 'adam',
  title: 'Adam',
  source: 'Kingma & Ba 2015; Choi et al. 2019, Table 1',
  lr: adamRate,
  hyperparameters,
  state: { m: 0, v: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon }, lr, t }) => {
    const m = average(beta1, state.m, g);
    const v = average(beta2, state.v, square(g));
    const b = named('b', div(sqrt(sub(1, pow(beta2, add(t, 1)))), sub(1, pow(beta1, add(t, 1)))));
    return { p: sub(p, div(mul(lr, b, m), add(sqrt(v), epsilon))), m, v };
  },
});

/** torch.optim.Adam: ε is added after the second moment's bias correction. */
export const adamPytorch = defineOptimizer({
  name: 'adam',
  title: 'Adam',
  variants: ['pytorch'],
  source: 'torch.optim.Adam',
  lr: adamRate,
  hyperparameters,
  state: { m: 0, v: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon }, lr, t }) => {
    const m = average(beta1, state.m, g);
    const v = average(beta2, state.v, square(g));
    const b1 = named('b1', sub(1, pow(beta1, add(t, 1))));
    const b2 = named('b2', sqrt(sub(1, pow(beta2, add(t, 1)))));
    return { p: sub(p, mul(div(lr, b1), div(m, add(div(sqrt(v), b2), epsilon)))), m, v };
  },
});
