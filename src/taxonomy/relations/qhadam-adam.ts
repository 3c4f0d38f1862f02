import { defineRelation } from '../relation.js';

/** Adam ⊆ QHAdam. */
export const qhadamAdam = defineRelation({
  included: 'adam/pytorch',
  including: 'qhadam',
  given: ['beta1', 'beta2', 'epsilon'],
  map: ({ eta, hyper }) => ({ lr: eta, ...hyper, nu1: 1, nu2: 1 }),
  schedules: 'any',
  derivation:
    'With ν₁ = ν₂ = 1 both moments count alone. QHAdam adds ε after the bias correction, as PyTorch does, so it includes Adam in that form.',
  source: 'Ma & Yarats 2019',
});
