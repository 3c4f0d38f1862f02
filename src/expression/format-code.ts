import type { Code, Operand } from './code.js';

/** Code on one line: `t0 = mul(a, b); y0 = add(t0, c)`. */
export function formatCode({ inputs, instructions, outputs }: Code): string {
  const operand = (from: Operand): string => {
    if ('const' in from) return String(from.const);
    return 'in' in from ? (inputs[from.in] ?? '?') : `t${from.op}`;
  };
  const lines = instructions.map(
    ({ op, args }, k) => `t${k} = ${op}(${args.map(operand).join(', ')})`,
  );
  return [...lines, ...outputs.map(({ name, from }) => `${name} = ${operand(from)}`)].join('; ');
}
