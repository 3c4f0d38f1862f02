import { mul } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** AdamW as in PyTorch ⊆ LAMB. */
export const lambAdamw = defineRelation({
  included: 'adamw/pytorch',
  including: 'lamb',
  given: ['beta1', 'beta2', 'epsilon', 'lambda'],
  map: ({ eta, hyper }) => ({ lr: mul(eta, 1e30), ...hyper, max_trust: 1e-30 }),
  schedules: 'any',
  derivation:
    'With so small a bound, the trust ratio always meets it, unless a tensor is 10³⁰ times smaller than its step; the learning rate undoes it. It needs the bound φ that the paper leaves open.',
  source: 'You et al. 2020, algorithm 2',
});
