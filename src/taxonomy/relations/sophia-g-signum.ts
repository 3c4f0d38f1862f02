import { epsilonDomain } from '../../optimizers/index.js';
import { defineRelation } from '../relation.js';

/** Steps between two estimates of a diagonal that is not used. */
const NEVER = 1e9;

/** Signum ⊆ Sophia-G. */
export const sophiaGSignum = defineRelation({
  included: 'signum',
  including: 'sophia-g',
  given: ['beta'],
  map: ({ eta, hyper: { beta } }) => ({
    lr: eta,
    beta1: beta,
    beta2: 0,
    gamma: 0,
    epsilon: epsilonDomain.min,
    lambda: 0,
    every: NEVER,
  }),
  schedules: 'any',
  derivation:
    'With γ = 0 the diagonal plays no part, and every denominator is ε, here 10⁻³⁷: m/ε is clipped to the sign of m unless |m| is less than that, where float32 has next to no numbers left.',
  source: 'Liu et al. 2023, Algorithm 3',
});
