import { add, div, mul, sqrt } from '../expression/expression.js';
import { steps } from './parameter.js';
import { defineSchedule } from './schedule.js';

/** Falls with one over the root of time; needs no horizon. */
export const inverseSqrt = defineSchedule({
  kind: 'inverse_sqrt',
  title: 'Inverse square root',
  source:
    'Vaswani et al. 2017, section 5.3 (timescale = warmup_steps); transformers get_inverse_sqrt_schedule',
  parameters: {
    timescale: steps('steps until the rate is 1/√2 of the initial one', 0.1),
  },
  rule: ({ lr, t, parameters: { timescale } }) => mul(lr, sqrt(div(timescale, add(t, timescale)))),
});
