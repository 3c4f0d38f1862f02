import { div } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** signSGD ⊆ AdaMax. */
export const adamaxSignSgd = defineRelation({
  included: 'signsgd',
  including: 'adamax',
  given: [],
  map: ({ eta, limit }) => ({ lr: eta, beta1: 0, beta2: 0, epsilon: div(1, limit) }),
  limit: { order: 1 },
  schedules: 'any',
  derivation:
    'With β₁ = β₂ = 0 the step is g/(|g| + ε), as in Adam, and goes to the sign as ε → 0; without ε, as in the paper, it is the sign.',
  source: 'as signSGD ⊆ Adam',
});
