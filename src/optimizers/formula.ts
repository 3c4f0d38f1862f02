import { assignmentsFormula, type Formula } from '../expression/formula.js';
import type { Optimizer } from './optimizer.js';

/** The formula of an optimizer, from its rule. A name on the right of an arrow is the latest value. */
export function formula(optimizer: Optimizer): Formula {
  const parameter = { name: 'p', next: optimizer.next };
  return assignmentsFormula([...optimizer.scalarState, ...optimizer.state, parameter]);
}
