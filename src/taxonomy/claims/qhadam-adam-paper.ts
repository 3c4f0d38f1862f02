import { type Claim, historyOf } from '../claim.js';

/** Adam as in Choi et al. ⊆ QHAdam. */
export const qhadamAdamPaper: Claim = {
  included: 'adam',
  including: 'qhadam',
  said: 'Ma & Yarats 2019: QHAdam with ν₁ = ν₂ = 1 recovers Adam.',
  reason:
    'It recovers Adam in PyTorch’s form. Choi et al. add ε before the bias correction is applied, so in QHAdam’s terms another ε at every step.',
  given: { beta1: 0.9, beta2: 0.99, epsilon: 1 },
  history: historyOf(Array.from({ length: 6 }, () => [1, 10])),
  freedom: 'schedule',
};
