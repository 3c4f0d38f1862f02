import {
  add,
  average,
  div,
  max,
  mul,
  named,
  pow,
  sqrt,
  square,
  sub,
} from '../expression/expression.js';
import { adamRate, beta1, beta2, epsilon } from './moments.js';
import { defineOptimizer } from './optimizer.js';

const hyperparameters = {
  beta1,
  beta2,
  epsilon: { ...epsilon, description: 'added to the root of the greatest second moment' },
} as const;

/** Adam with the greatest second moment so far, w. As its authors write it, nothing is corrected for bias. */
export const amsgrad = defineOptimizer({
  name: 'amsgrad',
  title: 'AMSGrad',
  source: 'Reddi et al. 2018, Algorithm 2',
  lr: adamRate,
  hyperparameters,
  state: { m: 0, v: 0, w: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon }, lr }) => {
    const m = average(beta1, state.m, g);
    const v = average(beta2, state.v, square(g));
    const w = max(state.w, v);
    return { p: sub(p, div(mul(lr, m), add(sqrt(w), epsilon))), m, v, w };
  },
});

/** torch.optim.Adam(amsgrad=True): the greatest uncorrected second moment, corrected by today's factor. */
export const amsgradPytorch = defineOptimizer({
  name: 'amsgrad',
  title: 'AMSGrad',
  variants: ['pytorch'],
  source: 'torch.optim.Adam(amsgrad=True)',
  lr: adamRate,
  hyperparameters,
  state: { m: 0, v: 0, w: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon }, lr, t }) => {
    const m = average(beta1, state.m, g);
    const v = average(beta2, state.v, square(g));
    const w = max(state.w, v);
    const b1 = named('b1', sub(1, pow(beta1, add(t, 1))));
    const b2 = named('b2', sqrt(sub(1, pow(beta2, add(t, 1)))));
    return { p: sub(p, mul(div(lr, b1), div(m, add(div(sqrt(w), b2), epsilon)))), m, v, w };
  },
});
