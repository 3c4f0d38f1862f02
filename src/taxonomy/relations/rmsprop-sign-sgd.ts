import { div } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** signSGD ⊆ RMSProp. */
export const rmspropSignSgd = defineRelation({
  included: 'signsgd',
  including: 'rmsprop',
  given: [],
  map: ({ eta, limit }) => ({ lr: eta, gamma: 0, rho: 0, epsilon: div(1, limit) }),
  limit: { order: 1 },
  schedules: 'any',
  derivation:
    'With ρ = γ = 0, v = g² and the step is g/√(g² + ε), which goes to the sign as ε → 0; its distance is ε/(2 g²).',
  source: 'Tieleman & Hinton 2012',
});
