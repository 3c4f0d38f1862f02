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
import { decayRate, epsilonDomain, positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';

const lr = {
  description: 'learning rate',
  default: 0.001,
  domain: positive,
  scale: 'log',
} as const;

const hyperparameters = {
  beta1: {
    description: 'decay rate of the first moment',
    default: 0.9,
    domain: decayRate,
    scale: 'log_complement',
  },
  beta2: {
    description: 'decay rate of the second moment',
    default: 0.999,
    domain: decayRate,
    scale: 'log_complement',
  },
  epsilon: {
    description: 'added to the root of the greatest second moment',
    default: 1e-8,
    domain: epsilonDomain,
    scale: 'log',
  },
} as const;

/** Adam with the greatest second moment so far, w. As its authors write it, nothing is corrected for bias. */
export const amsgrad = defineOptimizer({
  name: 'amsgrad',
  title: 'AMSGrad',
  source: 'Reddi et al. 2018, Algorithm 2',
  lr,
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
  lr,
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
