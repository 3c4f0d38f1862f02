import { average, named, select } from '../../expression/expression.js';
import { decayRate } from '../hyperparameter.js';
import type { Optimizer } from '../optimizer.js';
import { wrapOptimizer } from './wrap-optimizer.js';

/**
 * The model is evaluated at an exponential moving average of its weights, which begins with those of the first step, as
 * in torch.optim.swa_utils.AveragedModel with `get_ema_multi_avg_fn`.
 */
export const ema = (optimizer: Optimizer): Optimizer =>
  wrapOptimizer(optimizer, {
    name: 'ema',
    title: 'EMA',
    source: 'Polyak & Juditsky 1992; torch.optim.swa_utils.get_ema_multi_avg_fn',
    hyperparameters: {
      ema_decay: {
        description: 'decay rate of the average of the weights',
        default: 0.999,
        domain: decayRate,
        scale: 'log_complement',
      },
    },
    state: ['ema_mean'],
    rule: ({ evaluated, state, hyper: { ema_decay }, t }) => ({
      ema_mean: average(named('decay', select(t, ema_decay, 0)), state.ema_mean, evaluated),
    }),
    evaluation: ({ evaluated, state, t }) => select(t, state.ema_mean, evaluated),
  });
