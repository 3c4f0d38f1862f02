import {
  add,
  div,
  equal,
  floor,
  less,
  max,
  mul,
  named,
  round,
  select,
  sub,
} from '../../expression/expression.js';
import { atLeastOne, nonNegative } from '../hyperparameter.js';
import type { Optimizer } from '../optimizer.js';
import { wrapOptimizer } from './wrap-optimizer.js';

/**
 * The model is evaluated at the mean of its weights since a step, as in torch.optim.swa_utils.AveragedModel; before,
 * at the weights.
 */
export const swa = (optimizer: Optimizer): Optimizer =>
  wrapOptimizer(optimizer, {
    name: 'swa',
    title: 'SWA',
    source: 'Izmailov et al. 2018, Algorithm 1; torch.optim.swa_utils.AveragedModel',
    hyperparameters: {
      swa_start: {
        description: 'steps before the first that counts in the mean, rounded',
        default: 750,
        fraction: 0.75,
        domain: nonNegative,
        scale: 'linear',
      },
      swa_every: {
        description: 'steps from one that counts to the next, rounded',
        default: 1,
        domain: atLeastOne,
        scale: 'log',
      },
    },
    state: ['swa_mean'],
    scalarState: ['swa_count'],
    rule: ({ evaluated, state, scalarState, hyper: { swa_start, swa_every }, t }) => {
      const every = named('k', max(1, round(swa_every)));
      const since = named('since', sub(t, round(swa_start)));
      const whole = equal(since, mul(every, floor(div(since, every))));
      const counts = named('counts', mul(less(-1, since), whole));
      const swa_count = add(scalarState.swa_count, counts);
      const weight = div(counts, max(1, swa_count));
      return {
        swa_mean: add(state.swa_mean, mul(weight, sub(evaluated, state.swa_mean))),
        swa_count,
      };
    },
    evaluation: ({ evaluated, state, scalarState: { swa_count } }) =>
      select(swa_count, state.swa_mean, evaluated),
  });
