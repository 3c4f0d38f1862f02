import { type Optimizer, optimizers, ruleName } from '../optimizers/index.js';
import { nearest } from '../yaml/nearest.js';

/** The optimizer of a rule's name, e.g. `adam` or `adam/pytorch`. @throws RangeError when there is none */
export function member(name: string): Optimizer {
  const names = optimizers.map(ruleName);
  const found = optimizers[names.indexOf(name)];
  if (found) return found;
  const near = nearest(name, names);
  const meant = near === undefined ? '' : `; did you mean '${near}'?`;
  throw new RangeError(`no optimizer '${name}'${meant} There are ${names.join(', ')}`);
}

/** For people, e.g. `Adam` or `Adam (PyTorch)`. */
export function memberTitle(name: string): string {
  const { title } = member(name);
  return name.endsWith('/pytorch') ? `${title} (PyTorch)` : title;
}
