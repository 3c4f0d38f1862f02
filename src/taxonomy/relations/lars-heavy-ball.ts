import { defineRelation } from '../relation.js';

/** Heavy ball ⊆ LARS. */
export const larsHeavyBall = defineRelation({
  included: 'heavyball',
  including: 'lars',
  given: ['gamma'],
  map: ({ eta, hyper: { gamma } }) => ({
    lr: eta,
    gamma,
    eta: 1e30,
    lambda: 0,
    epsilon: 1e-8,
    max_trust: 1,
  }),
  schedules: 'any',
  derivation:
    'The trust ratio is bounded by max_trust = 1, and with so large an η it always meets its bound, unless a tensor is 10³⁰ times smaller than its gradient. Without decay the velocity is then that of the heavy ball. It needs the bound that the paper does not have.',
  source: 'You et al. 2017, with the bound of timm',
});
