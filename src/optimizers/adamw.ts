import { add, average, div, mul, named, pow, sqrt, square, sub } from '../expression/expression.js';
import { adamRate, beta1, beta2, epsilon, lambda } from './moments.js';
import { defineOptimizer } from './optimizer.js';

export const adamwHyperparameters = {
  beta1,
  beta2,
  epsilon,
  lambda,
} as const;

/** Adam as in Choi et al. 2019, Table 1, with decoupled weight decay. */
export const adamw = defineOptimizer({
  name: 'adamw',
  title: 'AdamW',
  source: 'Loshchilov & Hutter 2019, algorithm 2, with ε as in Choi et al. 2019, Table 1',
  lr: adamRate,
  hyperparameters: adamwHyperparameters,
  state: { m: 0, v: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon, lambda }, lr, t }) => {
    const m = average(beta1, state.m, g);
    const v = average(beta2, state.v, square(g));
    const b = named('b', div(sqrt(sub(1, pow(beta2, add(t, 1)))), sub(1, pow(beta1, add(t, 1)))));
    const decayed = mul(sub(1, mul(lr, lambda)), p);
    return { p: sub(decayed, div(mul(lr, b, m), add(sqrt(v), epsilon))), m, v };
  },
});

/** torch.optim.AdamW: ε is added after the second moment's bias correction. */
export const adamwPytorch = defineOptimizer({
  name: 'adamw',
  title: 'AdamW',
  variants: ['pytorch'],
  source: 'Loshchilov & Hutter 2019, algorithm 2; torch.optim.AdamW(weight_decay=λ)',
  lr: adamRate,
  hyperparameters: adamwHyperparameters,
  state: { m: 0, v: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon, lambda }, lr, t }) => {
    const m = average(beta1, state.m, g);
    const v = average(beta2, state.v, square(g));
    const b1 = named('b1', sub(1, pow(beta1, add(t, 1))));
    const b2 = named('b2', sqrt(sub(1, pow(beta2, add(t, 1)))));
    const decayed = mul(sub(1, mul(lr, lambda)), p);
    return { p: sub(decayed, mul(div(lr, b1), div(m, add(div(sqrt(v), b2), epsilon)))), m, v };
  },
});
