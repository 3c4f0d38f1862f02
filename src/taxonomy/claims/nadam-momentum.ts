import type { Claim } from '../claim.js';
import { randomHistory } from '../trajectory.js';

/** Momentum ⊆ NAdam. */
export const nadamMomentum: Claim = {
  included: 'momentum',
  including: 'nadam',
  said: 'Adam includes Momentum, and NAdam is Adam with something more.',
  reason:
    'What NAdam goes to as ε → ∞ is Nesterov, which does not include Momentum; with a finite ε the sizes of gradients matter, too.',
  given: { gamma: 0.9 },
  history: randomHistory(1, 4, 12),
  freedom: 'schedule',
};
