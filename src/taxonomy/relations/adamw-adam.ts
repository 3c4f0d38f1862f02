import { defineRelation } from '../relation.js';

/** Adam ⊆ AdamW. */
export const adamwAdam = defineRelation({
  included: 'adam',
  including: 'adamw',
  given: ['beta1', 'beta2', 'epsilon'],
  map: ({ eta, hyper }) => ({ lr: eta, ...hyper, lambda: 0 }),
  schedules: 'any',
  derivation: 'Without decay, λ = 0, AdamW is Adam. The other way round it holds for λ = 0 only.',
  source: 'Loshchilov & Hutter 2019',
});
