import { div } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** signSGD ⊆ NAdam. */
export const nadamSignSgd = defineRelation({
  included: 'signsgd',
  including: 'nadam',
  given: [],
  map: ({ eta, limit }) => ({ lr: eta, beta1: 0, beta2: 0, epsilon: div(1, limit) }),
  limit: { order: 1 },
  schedules: 'any',
  derivation: 'With β₁ = 0 the look ahead is the gradient; the rest is as in Adam.',
  source: 'as signSGD ⊆ Adam',
});
