import { defineRelation } from '../relation.js';

/** SGD ⊆ Momentum. */
export const momentumSgd = defineRelation({
  included: 'sgd',
  including: 'momentum',
  given: [],
  map: ({ eta }) => ({ lr: eta, gamma: 0 }),
  schedules: 'any',
  derivation: 'With γ = 0 the velocity is the gradient.',
  source: 'Choi et al. 2019, section 3',
});
