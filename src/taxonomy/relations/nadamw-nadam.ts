import { defineRelation } from '../relation.js';

/** NAdam ⊆ NAdamW. */
export const nadamwNadam = defineRelation({
  included: 'nadam',
  including: 'nadamw',
  given: ['beta1', 'beta2', 'epsilon'],
  map: ({ eta, hyper }) => ({ lr: eta, ...hyper, lambda: 0 }),
  schedules: 'any',
  derivation: 'Without decay, λ = 0, NAdamW is NAdam.',
  source: 'Loshchilov & Hutter 2019',
});
