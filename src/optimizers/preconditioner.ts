import {
  div,
  type Expression,
  equal,
  floor,
  max,
  mul,
  named,
  round,
} from '../expression/expression.js';
import { atLeastOne } from './hyperparameter.js';

/** Sides up to this length have a full preconditioner, longer ones a diagonal one. */
export const LONGEST_SIDE = 1024;

/** Steps between two of what is too slow for every step. */
export const every = (description: string) =>
  ({
    description: `${description}, rounded`,
    default: 10,
    domain: atLeastOne,
    scale: 'log',
  }) as const;

/** 1 at step 0, k, 2k, …, else 0. */
export function isDue(t: Expression<'scalar'>, steps: Expression<'scalar'>): Expression<'scalar'> {
  const k = named('k', max(1, round(steps)));
  return named('due', equal(t, mul(k, floor(div(t, k)))));
}
