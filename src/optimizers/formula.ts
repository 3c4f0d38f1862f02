import { assignmentsFormula, expressionFormula, type Formula } from '../expression/formula.js';
import type { Optimizer } from './optimizer.js';

/**
 * The formula of an optimizer, from its rule. A name on the right of an arrow is the latest value. The weights for
 * evaluation, if they are not θ, come last as θ_eval.
 */
export function formula({ scalarState, state, next, evaluation }: Optimizer): Formula {
  const step = assignmentsFormula([...scalarState, ...state, { name: 'p', next }]);
  if (evaluation === undefined) return step;
  const weights = expressionFormula('p_eval', evaluation);
  return { text: [...step.text, ...weights.text], latex: [...step.latex, ...weights.latex] };
}
