import { add, div, mul, pow, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Nesterov ⊆ NAdam. */
export const nadamNesterov = defineRelation({
  included: 'nesterov',
  including: 'nadam',
  given: ['gamma'],
  map: ({ eta, t, limit, hyper: { gamma } }) => ({
    lr: mul(div(mul(eta, limit), sub(1, gamma)), sub(1, pow(gamma, add(t, 1)))),
    beta1: gamma,
    beta2: 0,
    epsilon: limit,
  }),
  limit: { order: 1 },
  schedules: 'any',
  derivation:
    'With β₁ = γ, β₁ m + (1 − β₁) g is 1 − γ times γ v + g. The rest is as for Momentum in Adam: 1/(√v + ε) goes to 1/ε and the learning rate undoes the bias correction.',
  source: 'Choi et al. 2019, section 3',
});
