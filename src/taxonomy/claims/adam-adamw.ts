import type { Claim } from '../claim.js';
import { randomHistory } from '../trajectory.js';

/** AdamW ⊆ Adam. */
export const adamAdamw: Claim = {
  included: 'adamw',
  including: 'adam',
  said: 'Adam and AdamW differ by where the decay stands.',
  reason:
    'For λ > 0 AdamW pulls the parameters to 0 at a rate that no gradient changes; Adam sees gradients alone. With an L2 penalty in place of λ the pull is divided by √v + ε, as the gradient is, which is another thing again (Loshchilov & Hutter 2019).',
  given: { beta1: 0.9, beta2: 0.99, epsilon: 0.1, lambda: 1 },
  history: randomHistory(1, 4, 12),
  eta: () => 0.1,
  freedom: 'schedule',
};
