import { div, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Momentum ⊆ QHM. */
export const qhmMomentum = defineRelation({
  included: 'momentum',
  including: 'qhm',
  given: ['gamma'],
  map: ({ eta, hyper: { gamma } }) => ({ lr: div(eta, sub(1, gamma)), beta: gamma, nu: 1 }),
  schedules: 'any',
  derivation: 'The average with β = γ is 1 − γ times the velocity; ν = 1 takes it alone.',
  source: 'Ma & Yarats 2019',
});
