import { add, average, div, mul, named, pow, sqrt, square, sub } from '../expression/expression.js';
import { adamRate, beta1, beta2, epsilon } from './moments.js';
import { defineOptimizer } from './optimizer.js';

const weight = { domain: { min: 0, max: 1 }, scale: 'linear' } as const;

/** Adam with quasi-hyperbolic terms in place of both moments. */
export const qhadam = defineOptimizer({
  name: 'qhadam',
  title: 'QHAdam',
  source: 'Ma & Yarats 2019',
  lr: adamRate,
  hyperparameters: {
    beta1: { ...beta1, default: 0.995 },
    beta2,
    nu1: { ...weight, description: 'weight of the first moment in the step', default: 0.7 },
    nu2: { ...weight, description: 'weight of the second moment in the denominator', default: 1 },
    epsilon: { ...epsilon, description: 'added to the root of the second term' },
  },
  state: { m: 0, v: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, nu1, nu2, epsilon }, lr, t }) => {
    const m = average(beta1, state.m, g);
    const v = average(beta2, state.v, square(g));
    const b1 = named('b1', sub(1, pow(beta1, add(t, 1))));
    const b2 = named('b2', sub(1, pow(beta2, add(t, 1))));
    const step = average(nu1, div(m, b1), g);
    const scale = sqrt(average(nu2, div(v, b2), square(g)));
    return { p: sub(p, mul(lr, div(step, add(scale, epsilon)))), m, v };
  },
});
