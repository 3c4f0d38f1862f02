import { defineRelation } from '../relation.js';

/** SGD ⊆ Nesterov. */
export const nesterovSgd = defineRelation({
  included: 'sgd',
  including: 'nesterov',
  given: [],
  map: ({ eta }) => ({ lr: eta, gamma: 0 }),
  schedules: 'any',
  derivation: 'With γ = 0 the step γ v + g is the gradient.',
  source: 'Choi et al. 2019, section 3',
});
