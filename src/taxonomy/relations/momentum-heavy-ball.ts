import { defineRelation } from '../relation.js';

/** Heavy ball ⊆ Momentum. */
export const momentumHeavyBall = defineRelation({
  included: 'heavyball',
  including: 'momentum',
  given: ['gamma'],
  map: ({ eta, hyper: { gamma } }) => ({ lr: eta, gamma }),
  schedules: 'constant',
  derivation:
    'For a constant rate the velocity is −η times Momentum’s, and the two are one; so the other way round, too. With a schedule they differ: old gradients keep the rate of their own step here, and all have the rate of now in Momentum.',
  source: 'Sutskever et al. 2013',
});
