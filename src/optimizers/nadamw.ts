import { add, average, div, mul, named, pow, sqrt, square, sub } from '../expression/expression.js';
import { positive } from './hyperparameter.js';
import { adamRate, beta1, beta2, epsilon, lambda } from './moments.js';
import { dozatMomentum, momentumDecay } from './nadam.js';
import { defineOptimizer } from './optimizer.js';

const hyperparameters = {
  beta1,
  beta2,
  epsilon,
  lambda,
} as const;

/** NAdam as in Choi et al. 2019, Table 1, with decoupled weight decay. */
export const nadamw = defineOptimizer({
  name: 'nadamw',
  title: 'NAdamW',
  source: 'Dozat 2016; Loshchilov & Hutter 2019; ε as in Choi et al. 2019, Table 1',
  lr: adamRate,
  hyperparameters,
  state: { m: 0, v: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon, lambda }, lr, t }) => {
    const m = average(beta1, state.m, g);
    const v = average(beta2, state.v, square(g));
    const b = named('b', div(sqrt(sub(1, pow(beta2, add(t, 1)))), sub(1, pow(beta1, add(t, 1)))));
    const step = mul(lr, b, average(beta1, m, g));
    const decayed = mul(sub(1, mul(lr, lambda)), p);
    return { p: sub(decayed, div(step, add(sqrt(v), epsilon))), m, v };
  },
});

/** torch.optim.NAdam(decoupled_weight_decay=True), with Dozat's schedule of the momentum. */
export const nadamwPytorch = defineOptimizer({
  name: 'nadamw',
  title: 'NAdamW',
  variants: ['pytorch'],
  source: 'torch.optim.NAdam(weight_decay=λ, decoupled_weight_decay=True, momentum_decay=ψ)',
  lr: { description: 'learning rate', default: 0.002, domain: positive, scale: 'log' },
  hyperparameters: {
    ...hyperparameters,
    momentum_decay: momentumDecay,
  },
  state: { m: 0, v: 0 },
  scalarState: { mu_product: 1 },
  rule: ({ g, p, state, scalarState, hyper, lr, t }) => {
    const { beta1, beta2, epsilon, lambda, momentum_decay } = hyper;
    const m = average(beta1, state.m, g);
    const v = average(beta2, state.v, square(g));
    const b2 = named('b2', sub(1, pow(beta2, add(t, 1))));
    const { step, mu_product } = dozatMomentum({
      product: scalarState.mu_product,
      beta1,
      decay: momentum_decay,
      lr,
      t,
      g,
      m,
    });
    const decayed = mul(sub(1, mul(lr, lambda)), p);
    return { p: sub(decayed, div(step, add(sqrt(div(v, b2)), epsilon))), m, v, mu_product };
  },
});
