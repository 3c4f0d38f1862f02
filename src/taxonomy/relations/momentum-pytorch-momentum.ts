import { defineRelation } from '../relation.js';

/** Momentum ⊆ Momentum as in PyTorch. */
export const momentumPytorchMomentum = defineRelation({
  included: 'momentum',
  including: 'momentum/pytorch',
  given: ['gamma'],
  map: ({ eta, hyper: { gamma } }) => ({ lr: eta, gamma, dampening: 0 }),
  schedules: 'any',
  derivation:
    'Without dampening they are one. With it PyTorch lets the first gradient in undampened, so the velocity is no multiple of Momentum’s.',
  source: 'torch.optim.SGD',
});
