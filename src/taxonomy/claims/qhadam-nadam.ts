import type { Claim } from '../claim.js';
import { randomHistory } from '../trajectory.js';

/** NAdam ⊆ QHAdam. */
export const qhadamNadam: Claim = {
  included: 'nadam',
  including: 'qhadam',
  said: 'Ma & Yarats 2019: QHAdam with ν₁ = β₁ recovers NAdam.',
  reason:
    'It does but for the bias correction: NAdam corrects the look ahead as a whole, also its share of the gradient, QHAdam the average alone, so in the first steps the two are mixed in other proportions.',
  given: { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 },
  history: randomHistory(1, 4, 12),
  freedom: 'schedule',
};
