import type { Claim } from '../claim.js';
import { randomHistory } from '../trajectory.js';

/** RMSProp ⊆ QHAdam. */
export const qhadamRmsprop: Claim = {
  included: 'rmsprop/pytorch',
  including: 'qhadam',
  said: 'Ma & Yarats 2019: QHAdam with ν₁ = 0, ν₂ = 1 recovers RMSProp.',
  reason:
    'Only without momentum and where neither ε nor the bias correction of v matters: RMSProp does not correct v, and with γ > 0 it averages steps that are scaled already.',
  given: { gamma: 0.9, rho: 0.9, epsilon: 0.1 },
  history: randomHistory(1, 4, 12),
  freedom: 'schedule',
};
