import { defineRelation } from '../relation.js';

/** Signum ⊆ Lion. */
export const lionSignum = defineRelation({
  included: 'signum',
  including: 'lion',
  given: ['beta'],
  map: ({ eta, hyper: { beta } }) => ({ lr: eta, beta1: beta, beta2: beta, lambda: 0 }),
  schedules: 'any',
  derivation:
    'With β₁ = β₂ = β, β₁ m + (1 − β₁) g is the momentum that Lion keeps, and Signum takes its sign.',
  source: 'Chen et al. 2023',
});
