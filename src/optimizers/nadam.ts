import {
  add,
  average,
  div,
  type Expression,
  mul,
  named,
  pow,
  sqrt,
  square,
  sub,
} from '../expression/expression.js';
import { nonNegative, positive } from './hyperparameter.js';
import { adamRate, beta1, beta2, epsilon } from './moments.js';
import { defineOptimizer } from './optimizer.js';

const hyperparameters = {
  beta1,
  beta2,
  epsilon,
} as const;

/** Adam with Nesterov's form of momentum. */
export const nadam = defineOptimizer({
  name: 'nadam',
  title: 'NAdam',
  source: 'Dozat 2016; Choi et al. 2019, Table 1',
  lr: adamRate,
  hyperparameters,
  state: { m: 0, v: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon }, lr, t }) => {
    const m = average(beta1, state.m, g);
    const v = average(beta2, state.v, square(g));
    const b = named('b', div(sqrt(sub(1, pow(beta2, add(t, 1)))), sub(1, pow(beta1, add(t, 1)))));
    const step = mul(lr, b, average(beta1, m, g));
    return { p: sub(p, div(step, add(sqrt(v), epsilon))), m, v };
  },
});

type Scalar = Expression<'scalar'>;

/** Dozat's momentum of a step: β₁ (1 − 0.5 · 0.96^(ψ step)). */
const schedule = (beta1: Scalar, decay: Scalar, step: Scalar) =>
  mul(beta1, sub(1, mul(0.5, pow(0.96, mul(decay, step)))));

/** ψ. */
export const momentumDecay = {
  description: 'speed of the momentum schedule',
  default: 0.004,
  domain: nonNegative,
  scale: 'log',
} as const;

/** The step of scheduled momentum, times the learning rate and corrected for bias, and the next product of all μ. */
export function dozatMomentum(
  inputs: Record<'product' | 'beta1' | 'decay' | 'lr' | 't', Scalar> &
    Record<'g' | 'm', Expression>,
) {
  const { product, beta1, decay, lr, t, g, m } = inputs;
  const mu = named('mu', schedule(beta1, decay, add(t, 1)));
  const next = named('mu_next', schedule(beta1, decay, add(t, 2)));
  const mu_product = mul(product, mu);
  const step = add(
    mul(div(mul(lr, sub(1, mu)), sub(1, mu_product)), g),
    mul(div(mul(lr, next), sub(1, mul(mu_product, next))), m),
  );
  return { step, mu_product };
}

/** torch.optim.NAdam: the momentum follows Dozat's schedule μ, and ε is added after the bias correction. */
export const nadamPytorch = defineOptimizer({
  name: 'nadam',
  title: 'NAdam',
  variants: ['pytorch'],
  source: 'Dozat 2016; torch.optim.NAdam(momentum_decay=ψ)',
  lr: { description: 'learning rate', default: 0.002, domain: positive, scale: 'log' },
  hyperparameters: {
    ...hyperparameters,
    momentum_decay: momentumDecay,
  },
  state: { m: 0, v: 0 },
  scalarState: { mu_product: 1 },
  rule: ({ g, p, state, scalarState, hyper, lr, t }) => {
    const { beta1, beta2, epsilon, momentum_decay } = hyper;
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
    return { p: sub(p, div(step, add(sqrt(div(v, b2)), epsilon))), m, v, mu_product };
  },
});
