import { div } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** signSGD ⊆ Adam as in PyTorch. */
export const adamPytorchSignSgd = defineRelation({
  included: 'signsgd',
  including: 'adam/pytorch',
  given: [],
  map: ({ eta, limit }) => ({ lr: eta, beta1: 0, beta2: 0, epsilon: div(1, limit) }),
  limit: { order: 1 },
  schedules: 'any',
  derivation:
    'As in the paper’s form: without averages nothing is corrected, and the two forms are one.',
  source: 'Balles & Hennig 2018',
});
