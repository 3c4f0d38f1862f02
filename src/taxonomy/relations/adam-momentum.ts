import { add, div, mul, pow, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Momentum ⊆ Adam. */
export const adamMomentum = defineRelation({
  included: 'momentum',
  including: 'adam',
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
    'With β₁ = γ the first moment is (1 − γ) times the velocity, and 1/(√v + ε) = (1 + O(1/ε))/ε. What is left is the bias correction b = √(1 − β₂^(t+1))/(1 − β₁^(t+1)), which the learning rate must undo: β₂ = 0 makes its numerator 1, and the rate is multiplied by 1 − γ^(t+1). A constant rate does not do.',
  source: 'Choi et al. 2019, section 3',
});
