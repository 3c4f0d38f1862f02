import type { Code, Operand } from './code.js';
import { applyOperator } from './operator.js';

/** Runs straight-line code in float64. `inputs` in the order of `code.inputs`; returns the outputs in theirs. */
export function runCode(code: Code, inputs: readonly number[]): number[] {
  const results: number[] = [];
  const value = (operand: Operand): number => {
    if ('const' in operand) return operand.const;
    return ('in' in operand ? inputs[operand.in] : results[operand.op]) ?? Number.NaN;
  };
  for (const { op, args } of code.instructions) results.push(applyOperator(op, args.map(value)));
  return code.outputs.map(({ from }) => value(from));
}
