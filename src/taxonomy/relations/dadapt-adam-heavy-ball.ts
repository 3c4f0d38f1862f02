import { div, mul, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Heavy ball ⊆ D-Adapted Adam. */
export const dadaptAdamHeavyBall = defineRelation({
  included: 'heavyball',
  including: 'dadapt-adam',
  given: ['gamma'],
  map: ({ eta, limit, hyper: { gamma } }) => ({
    lr: mul(div(mul(eta, limit), sub(1, gamma)), 1e-30),
    beta1: gamma,
    beta2: 0,
    epsilon: limit,
    lambda: 0,
    d0: 1e30,
  }),
  limit: { order: 1 },
  schedules: 'any',
  derivation:
    'An estimate that begins at 10³⁰ does not grow, as the evidence is in units of the rate, the product of both. The average has each gradient with the rate of its own step, as the heavy ball’s velocity has; with β₂ = 0, 1/(|g| + ε) = (1 + O(1/ε))/ε. It is not Momentum, whose gradients all have the rate of now.',
  source: 'Defazio & Mishchenko 2023',
});
