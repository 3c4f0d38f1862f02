import {
  add,
  div,
  equal,
  floor,
  max,
  mul,
  named,
  round,
  select,
  sub,
} from '../../expression/expression.js';
import { atLeastOne } from '../hyperparameter.js';
import type { Optimizer } from '../optimizer.js';
import { wrapOptimizer } from './wrap-optimizer.js';

/**
 * Lookahead (Zhang et al. 2019, Algorithm 1): every k steps slow weights go a part of the way to the fast ones, the
 * parameters, which begin anew from there with the optimizer's state kept. Evaluated at the slow weights, as the
 * authors do.
 *
 * @throws TypeError for an optimizer that is itself evaluated elsewhere: two places are one too many
 */
export function lookahead(optimizer: Optimizer): Optimizer {
  if (optimizer.evaluation)
    throw new TypeError(
      `lookahead evaluates at its slow weights, '${optimizer.name}' at an average of its own; put lookahead inside`,
    );
  return wrapOptimizer(optimizer, {
    name: 'lookahead',
    title: 'Lookahead',
    source: 'Zhang et al. 2019, Algorithm 1',
    hyperparameters: {
      lookahead_k: {
        description: 'steps between two of the slow weights, rounded',
        default: 5,
        domain: atLeastOne,
        scale: 'log',
      },
      lookahead_alpha: {
        description: 'part of the way that the slow weights go',
        default: 0.5,
        domain: { min: 0, max: 1 },
        scale: 'linear',
      },
    },
    state: ['lookahead_slow'],
    rule: ({ p, next, state, hyper: { lookahead_k, lookahead_alpha }, t }) => {
      const k = named('k', max(1, round(lookahead_k)));
      const done = add(t, 1);
      const meet = named('meet', equal(done, mul(k, floor(div(done, k)))));
      const before = named('before', select(t, state.lookahead_slow, p));
      const slow = add(before, mul(mul(meet, lookahead_alpha), sub(next, before)));
      return { p: select(meet, slow, next), lookahead_slow: slow };
    },
    evaluation: ({ evaluated, state, t }) => select(t, state.lookahead_slow, evaluated),
  });
}
