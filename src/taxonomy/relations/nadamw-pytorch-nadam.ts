import { defineRelation } from '../relation.js';

/** NAdam ⊆ NAdamW, both as in PyTorch. */
export const nadamwPytorchNadam = defineRelation({
  included: 'nadam/pytorch',
  including: 'nadamw/pytorch',
  given: ['beta1', 'beta2', 'epsilon', 'momentum_decay'],
  map: ({ eta, hyper }) => ({ lr: eta, ...hyper, lambda: 0 }),
  schedules: 'any',
  derivation: 'Without decay, λ = 0, NAdamW is NAdam.',
  source: 'torch.optim',
});
