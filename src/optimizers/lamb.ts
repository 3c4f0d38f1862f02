import {
  add,
  average,
  div,
  mul,
  named,
  norm,
  pow,
  sqrt,
  square,
  sub,
} from '../expression/expression.js';
import { positive } from './hyperparameter.js';
import { trustRatio } from './lars.js';
import { adamRate, beta1, beta2, epsilon, lambda } from './moments.js';
import { defineOptimizer } from './optimizer.js';

/** Adam whose step on each tensor is in proportion to the tensor's norm. */
export const lamb = defineOptimizer({
  name: 'lamb',
  title: 'LAMB',
  source: 'You et al. 2020, algorithm 2; the bound of the ratio as in timm',
  lr: adamRate,
  hyperparameters: {
    beta1,
    beta2,
    epsilon: { ...epsilon, default: 1e-6 },
    lambda: {
      ...lambda,
      description: 'decay of the parameters, part of the step that the ratio scales',
    },
    max_trust: {
      description: "greatest ratio of a step to Adam's",
      default: 10,
      domain: positive,
      scale: 'log',
    },
  },
  state: { m: 0, v: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon, lambda, max_trust }, lr, t }) => {
    const m = average(beta1, state.m, g);
    const v = average(beta2, state.v, square(g));
    const b1 = named('b1', sub(1, pow(beta1, add(t, 1))));
    const b2 = named('b2', sqrt(sub(1, pow(beta2, add(t, 1)))));
    const adam = div(div(m, b1), add(div(sqrt(v), b2), epsilon));
    const u = named('u', add(adam, mul(lambda, p)));
    const norms = [norm(p), norm(u)] as const;
    const trust = trustRatio(div(norms[0], norms[1]), norms, max_trust);
    return { p: sub(p, mul(mul(lr, trust), u)), m, v };
  },
});
