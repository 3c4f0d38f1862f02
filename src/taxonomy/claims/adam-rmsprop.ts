import type { Claim } from '../claim.js';
import { randomHistory } from '../trajectory.js';

/** RMSProp ⊆ Adam. */
export const adamRmsprop: Claim = {
  included: 'rmsprop',
  including: 'adam',
  said: 'Adam is often introduced as RMSProp with momentum and bias correction.',
  reason:
    'RMSProp starts from v = 1, puts ε inside the root, and its momentum adds up steps that are scaled already; Adam scales the momentum by the root of now.',
  given: { gamma: 0.9, rho: 0.9, epsilon: 1e-10 },
  history: randomHistory(1, 3, 6),
  freedom: 'schedule',
};
