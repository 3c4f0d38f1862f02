import { div, mul, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** So large that nothing is clipped. */
const LARGE = 1e12;
/** Steps between two estimates of a diagonal that is not used. */
const NEVER = 1e9;

/** Momentum ⊆ Sophia-G. */
export const sophiaGMomentum = defineRelation({
  included: 'momentum',
  including: 'sophia-g',
  given: ['gamma'],
  map: ({ eta, hyper: { gamma } }) => ({
    lr: div(mul(eta, LARGE), sub(1, gamma)),
    beta1: gamma,
    beta2: 0,
    gamma: 0,
    epsilon: LARGE,
    lambda: 0,
    every: NEVER,
  }),
  schedules: 'any',
  derivation:
    'With γ = 0 the diagonal plays no part, and every denominator is ε. As long as no average of gradients, which is 1 − γ times the velocity, exceeds ε = 10¹², no step is clipped.',
  source: 'Liu et al. 2023, Algorithm 3',
});
