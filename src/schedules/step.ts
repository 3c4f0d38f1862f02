import { div, floor, mul, pow } from '../expression/expression.js';
import { factor, steps } from './parameter.js';
import { defineSchedule } from './schedule.js';

/** Multiplied by a factor at a fixed frequency. */
export const step = defineSchedule({
  kind: 'step',
  title: 'Step decay',
  source:
    'Wilson et al. 2017 (fixed-frequency decay; VGG-16: half every 25 of 250 epochs); torch.optim.lr_scheduler.StepLR',
  parameters: {
    period: steps('steps from one decay to the next', 0.1),
    decay_factor: factor('rate after a decay over rate before it', 0.5),
  },
  rule: ({ lr, t, parameters: { period, decay_factor } }) =>
    mul(lr, pow(decay_factor, floor(div(t, period)))),
});
