import { add, div, mul, pow, sqrt, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Adam ⊆ Prodigy. */
export const prodigyAdam = defineRelation({
  included: 'adam',
  including: 'prodigy',
  given: ['beta1', 'beta2', 'epsilon'],
  map: ({ eta, t, hyper: { beta1, beta2, epsilon } }) => {
    const correction = (beta: typeof beta1) => sub(1, pow(beta, add(t, 1)));
    return {
      lr: div(mul(eta, sqrt(correction(beta2))), correction(beta1)),
      beta1,
      beta2,
      epsilon,
      lambda: 0,
      d0: 1,
      d_factor: 1e-30,
    };
  },
  schedules: 'any',
  derivation:
    'With so small a factor the estimate never exceeds its first value, 1, unless a parameter goes 10³⁰ far; what is left is Adam without the bias corrections, which the learning rate makes.',
  source: 'Mishchenko & Defazio 2024',
});
