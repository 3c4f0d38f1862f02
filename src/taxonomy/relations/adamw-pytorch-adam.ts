import { defineRelation } from '../relation.js';

/** Adam ⊆ AdamW, both as in PyTorch. */
export const adamwPytorchAdam = defineRelation({
  included: 'adam/pytorch',
  including: 'adamw/pytorch',
  given: ['beta1', 'beta2', 'epsilon'],
  map: ({ eta, hyper }) => ({ lr: eta, ...hyper, lambda: 0 }),
  schedules: 'any',
  derivation: 'Without decay, λ = 0, AdamW is Adam.',
  source: 'torch.optim',
});
