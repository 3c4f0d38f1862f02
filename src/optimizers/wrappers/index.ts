import type { Optimizer } from '../optimizer.js';
import { ema } from './ema.js';
import { lookahead } from './lookahead.js';
import { swa } from './swa.js';

export { ema, lookahead, swa };

/** What can be put around any optimizer, by name. */
export const wrappers = { lookahead, ema, swa } satisfies Record<
  string,
  (optimizer: Optimizer) => Optimizer
>;

export type WrapperName = keyof typeof wrappers;

/** An optimizer in wrappers, the first innermost. @throws TypeError when they do not fit together */
export const wrapped = (optimizer: Optimizer, names: readonly WrapperName[] = []): Optimizer =>
  names.reduce((inner, name) => wrappers[name](inner), optimizer);
