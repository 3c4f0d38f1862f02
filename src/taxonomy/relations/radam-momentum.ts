import { add, div, mul, pow, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Momentum ⊆ RAdam. */
export const radamMomentum = defineRelation({
  included: 'momentum',
  including: 'radam',
  given: ['gamma'],
  map: ({ eta, t, hyper: { gamma } }) => ({
    lr: mul(div(eta, sub(1, gamma)), sub(1, pow(gamma, add(t, 1)))),
    beta1: gamma,
    beta2: 0,
    epsilon: 1,
  }),
  schedules: 'any',
  derivation:
    'With β₂ = 0 the average has length 1, its variance is never taken to be known, and RAdam steps along m/(1 − β₁^(t+1)), whose correction the learning rate undoes. No limit is needed, and any ε does.',
  source: 'Liu et al. 2020, Algorithm 2',
});
