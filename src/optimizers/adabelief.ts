import { add, average, div, mul, named, pow, sqrt, square, sub } from '../expression/expression.js';
import { adamRate, beta1, beta2, epsilon } from './moments.js';
import { defineOptimizer } from './optimizer.js';

/** Adam with the gradient's variance around its average in place of the second moment. */
export const adabelief = defineOptimizer({
  name: 'adabelief',
  title: 'AdaBelief',
  source: 'Zhuang et al. 2020, Algorithm 2; adabelief-pytorch without its options',
  lr: adamRate,
  hyperparameters: {
    beta1,
    beta2: { ...beta2, description: 'decay rate of the variance' },
    epsilon: {
      ...epsilon,
      description: 'added to the variance at each step, and to its root',
      default: 1e-16,
    },
  },
  state: { m: 0, s: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon }, lr, t }) => {
    const m = average(beta1, state.m, g);
    const s = add(average(beta2, state.s, square(sub(g, m))), epsilon);
    const b1 = named('b1', sub(1, pow(beta1, add(t, 1))));
    const b2 = named('b2', sqrt(sub(1, pow(beta2, add(t, 1)))));
    return { p: sub(p, mul(div(lr, b1), div(m, add(div(sqrt(s), b2), epsilon)))), m, s };
  },
});
