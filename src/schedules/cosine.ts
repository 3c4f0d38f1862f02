import { mul } from '../expression/expression.js';
import { factor, steps } from './parameter.js';
import { defineSchedule } from './schedule.js';
import { between, cosineFall, progress } from './shapes.js';

/** From the initial rate down to a fraction of it along half a cosine, then constant. */
export const cosine = defineSchedule({
  kind: 'cosine',
  title: 'Cosine decay',
  source:
    'Loshchilov & Hutter 2017 (SGDR), equation 5 without restarts; torch.optim.lr_scheduler.CosineAnnealingLR up to T_max',
  parameters: {
    decay_steps: steps('steps until the rate is constant', 1),
    decay_factor: factor('final rate over initial rate', 0),
  },
  rule: ({ lr, t, parameters: { decay_steps, decay_factor } }) =>
    mul(lr, between(decay_factor, cosineFall(progress('x', t, decay_steps)))),
});
