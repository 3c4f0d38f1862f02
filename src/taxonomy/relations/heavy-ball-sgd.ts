import { defineRelation } from '../relation.js';

/** SGD ⊆ heavy ball. */
export const heavyBallSgd = defineRelation({
  included: 'sgd',
  including: 'heavyball',
  given: [],
  map: ({ eta }) => ({ lr: eta, gamma: 0 }),
  schedules: 'any',
  derivation: 'With γ = 0 the velocity is the step −α g.',
  source: 'Sutskever et al. 2013',
});
