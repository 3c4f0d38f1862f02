import {
  add,
  div,
  type Expression,
  floor,
  less,
  log,
  mul,
  named,
  pow,
  round,
  select,
  sub,
} from '../expression/expression.js';
import { positive } from '../optimizers/hyperparameter.js';
import { factor, steps } from './parameter.js';
import { defineSchedule } from './schedule.js';
import { cosineFall } from './shapes.js';

type Scalar = Expression<'scalar'>;

/** When cycle k begins: the sum of the k periods before it. */
function start(k: Scalar, period: Scalar, growth: Scalar): Scalar {
  const grown = div(sub(pow(growth, k), 1), sub(growth, 1));
  return mul(period, select(sub(growth, 1), grown, k));
}

/** The cycle that t is in. The logarithm may round across a boundary, so its nearest guess is corrected. */
function cycleAt(t: Scalar, period: Scalar, growth: Scalar): Scalar {
  const passed = div(t, period);
  const guess = named('n', round(div(log(add(mul(passed, sub(growth, 1)), 1)), log(growth))));
  const grown = sub(guess, less(t, start(guess, period, growth)));
  return select(sub(growth, 1), grown, floor(passed));
}

/** Falls along half a cosine again and again, in periods that grow and from peaks that shrink. */
export const cosineRestarts = defineSchedule({
  kind: 'cosine_restarts',
  title: 'Cosine with warm restarts',
  source:
    'Loshchilov & Hutter 2017 (SGDR), equation 5; torch.optim.lr_scheduler.CosineAnnealingWarmRestarts; timm CosineLRScheduler',
  parameters: {
    period: steps('steps of the first cycle', 1 / 7),
    period_factor: {
      description: 'length of a cycle over that of the one before it',
      default: 2,
      domain: { ...positive, min: 1, openMin: false },
      scale: 'linear',
    },
    decay_factor: factor('rate at the end of a cycle over initial rate', 0),
    restart_factor: factor('peak of a cycle over that of the one before it', 1),
  },
  rule: ({ lr, t, parameters: { period, period_factor, decay_factor, restart_factor } }) => {
    const k = named('k', cycleAt(t, period, period_factor));
    const begin = named('begin', start(k, period, period_factor));
    const x = named('x', div(sub(t, begin), mul(period, pow(period_factor, k))));
    const height = sub(pow(restart_factor, k), decay_factor);
    return mul(lr, add(decay_factor, mul(height, cosineFall(x))));
  },
});
