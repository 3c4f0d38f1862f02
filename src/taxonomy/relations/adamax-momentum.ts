import { add, div, mul, pow, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Momentum ⊆ AdaMax. */
export const adamaxMomentum = defineRelation({
  included: 'momentum',
  including: 'adamax',
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
    'With β₂ = 0, u = |g| + ε, and 1/u = (1 + O(1/ε))/ε; the rest is as for Momentum in Adam. It needs the ε that the paper does not have.',
  source: 'as Momentum ⊆ Adam',
});
