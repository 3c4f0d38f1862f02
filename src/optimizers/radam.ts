import {
  add,
  average,
  div,
  max,
  mul,
  named,
  pow,
  select,
  sqrt,
  square,
  sub,
} from '../expression/expression.js';
import { adamRate, beta1, beta2, epsilon } from './moments.js';
import { defineOptimizer, type Variant } from './optimizer.js';

/** `shortest`: the length of the average beyond which its variance is taken to be known. */
const radamWith = (variant: Variant, source: string, shortest: number) =>
  defineOptimizer({
    name: 'radam',
    title: 'RAdam',
    variants: [variant],
    source,
    lr: adamRate,
    hyperparameters: {
      beta1,
      beta2,
      epsilon: {
        ...epsilon,
        description: 'added to the root of the second moment; the paper has none',
      },
    },
    state: { m: 0, v: 0 },
    rule: ({ g, p, state, hyper: { beta1, beta2, epsilon }, lr, t }) => {
      const m = average(beta1, state.m, g);
      const v = average(beta2, state.v, square(g));
      const decayed = pow(beta2, add(t, 1));
      const b1 = named('b1', sub(1, pow(beta1, add(t, 1))));
      const b2 = named('b2', sub(1, decayed));
      const longest = named('rho_max', sub(div(2, sub(1, beta2)), 1));
      const length = named('rho', sub(longest, div(mul(2, add(t, 1), decayed), b2)));
      const known = mul(sub(length, 4), sub(length, 2), longest);
      const all = mul(sub(longest, 4), sub(longest, 2), length);
      const r = named('r', sqrt(max(0, div(known, all))));
      const adaptive = div(mul(r, sqrt(b2)), add(sqrt(v), epsilon));
      const step = mul(div(lr, b1), m);
      return { p: sub(p, mul(step, select(sub(length, shortest), adaptive, 1))), m, v };
    },
  });

/** Adam whose steps are adaptive only once the variance of the second moment is known well enough. */
export const radam = radamWith('paper', 'Liu et al. 2020, Algorithm 2', 4);

/** torch.optim.RAdam: adaptive from an average of length 5 on. */
export const radamPytorch = radamWith('pytorch', 'torch.optim.RAdam', 5);
