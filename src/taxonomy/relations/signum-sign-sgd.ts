import { defineRelation } from '../relation.js';

/** signSGD ⊆ Signum. */
export const signumSignSgd = defineRelation({
  included: 'signsgd',
  including: 'signum',
  given: [],
  map: ({ eta }) => ({ lr: eta, beta: 0 }),
  schedules: 'any',
  derivation: 'With β = 0 the average is the gradient.',
  source: 'Bernstein et al. 2018',
});
