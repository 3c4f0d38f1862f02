import { add, mul, pow, sub } from '../expression/expression.js';
import { decayRate } from '../optimizers/hyperparameter.js';
import { defineSchedule } from './schedule.js';

/** Rises to the initial rate as a bias correction does; undoes that of an average with the same decay rate. */
export const exponentialWarmup = defineSchedule({
  kind: 'exponential_warmup',
  title: 'Exponential warm-up',
  source:
    'Ma & Yarats 2021 (On the adequacy of untuned warmup); what Adam needs to be Momentum (TAXONOMY.md)',
  parameters: {
    decay_rate: {
      description: 'what is missing after a step over what was missing before it',
      default: 0.999,
      domain: decayRate,
      scale: 'log_complement',
    },
  },
  rule: ({ lr, t, parameters: { decay_rate } }) => mul(lr, sub(1, pow(decay_rate, add(t, 1)))),
});
