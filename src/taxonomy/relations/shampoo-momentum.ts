import { div, mul, sqrt, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Momentum ⊆ Shampoo. */
export const shampooMomentum = defineRelation({
  included: 'momentum',
  including: 'shampoo',
  given: ['gamma'],
  map: ({ eta, limit, hyper: { gamma } }) => ({
    lr: div(mul(eta, sqrt(limit)), sub(1, gamma)),
    gamma,
    epsilon: limit,
    every: 1,
  }),
  limit: { order: 1 },
  schedules: 'any',
  derivation:
    'With ε large beside the sums of the gradients’ products, the preconditioner of each of k axes is (1 + O(1/ε)) ε^(−1/(2k)) I, all together ε^(−1/2), and so is that of vectors; the average of gradients is 1 − γ times the velocity.',
  source: 'as Momentum ⊆ Adam',
});
