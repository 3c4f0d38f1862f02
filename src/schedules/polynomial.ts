import { mul, pow, sub } from '../expression/expression.js';
import { positive } from '../optimizers/hyperparameter.js';
import { factor, steps } from './parameter.js';
import { defineSchedule } from './schedule.js';
import { between, progress } from './shapes.js';

/** From the initial rate down to a fraction of it along a power of the time left, then constant. */
export const polynomial = defineSchedule({
  kind: 'polynomial',
  title: 'Polynomial decay',
  source:
    'Chen et al. 2017 (DeepLab); transformers get_polynomial_decay_schedule_with_warmup; torch.optim.lr_scheduler.PolynomialLR',
  parameters: {
    decay_steps: steps('steps until the rate is constant', 1),
    decay_factor: factor('final rate over initial rate', 0),
    power: { description: 'of the time left', default: 2, domain: positive, scale: 'log' },
  },
  rule: ({ lr, t, parameters: { decay_steps, decay_factor, power } }) =>
    mul(lr, between(decay_factor, pow(sub(1, progress('x', t, decay_steps)), power))),
});
