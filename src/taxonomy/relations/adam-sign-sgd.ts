import { div } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** signSGD ⊆ Adam. */
export const adamSignSgd = defineRelation({
  included: 'signsgd',
  including: 'adam',
  given: [],
  map: ({ eta, limit }) => ({ lr: eta, beta1: 0, beta2: 0, epsilon: div(1, limit) }),
  limit: { order: 1 },
  schedules: 'any',
  derivation:
    'With β₁ = β₂ = 0 the moments are g and g², the bias corrections 1, and the step g/(|g| + ε) goes to the sign as ε → 0. How near it is depends on ε/|g|.',
  source: 'Balles & Hennig 2018',
});
