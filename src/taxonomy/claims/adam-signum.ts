import type { Claim } from '../claim.js';
import { randomHistory } from '../trajectory.js';

/** Signum ⊆ Adam. */
export const adamSignum: Claim = {
  included: 'signum',
  including: 'adam',
  said: 'Adam with ε → 0 is often said to be a sign method with momentum.',
  reason:
    'Signum takes the sign after averaging, Adam divides one average by the root of another: its steps have one size only when it averages nothing, β₁ = β₂ = 0, and that is signSGD.',
  given: { beta: 0.9 },
  history: randomHistory(1, 4, 12),
  freedom: 'schedule',
};
