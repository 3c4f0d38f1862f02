import { div, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Nesterov ⊆ QHM. */
export const qhmNesterov = defineRelation({
  included: 'nesterov',
  including: 'qhm',
  given: ['gamma'],
  map: ({ eta, hyper: { gamma } }) => ({ lr: div(eta, sub(1, gamma)), beta: gamma, nu: gamma }),
  schedules: 'any',
  derivation: 'With β = ν = γ the step is γ (1 − γ) v + (1 − γ) g, which is 1 − γ times γ v + g.',
  source: 'Ma & Yarats 2019',
});
