import type { Code, Operand } from './code.js';
import { applyOperator } from './operator.js';

/**
 * Runs straight-line code. `inputs` in the order of `code.inputs`; returns the outputs in theirs.
 *
 * @param round what becomes of every constant and result: nothing, for float64; `Math.fround`, for float32
 */
export function runCode(
  code: Code,
  inputs: readonly number[],
  round: (value: number) => number = (value) => value,
): number[] {
  const results: number[] = [];
  const value = (operand: Operand): number => {
    if ('const' in operand) return round(operand.const);
    return ('in' in operand ? inputs[operand.in] : results[operand.op]) ?? Number.NaN;
  };
  for (const { op, args } of code.instructions)
    results.push(round(applyOperator(op, args.map(value))));
  return code.outputs.map(({ from }) => value(from));
}
