import type { Claim } from '../claim.js';
import { randomHistory } from '../trajectory.js';

/** Nesterov ⊆ QHAdam. */
export const qhadamNesterov: Claim = {
  included: 'nesterov',
  including: 'qhadam',
  said: 'QHM includes Nesterov, and QHAdam is QHM with Adam’s denominator, which goes away as ε → ∞.',
  reason:
    'QHAdam corrects the bias of the average but not the gradient beside it: their proportion changes over the first steps, and no learning rate undoes that.',
  given: { gamma: 0.9 },
  history: randomHistory(1, 4, 12),
  freedom: 'schedule',
};
