/**
 * The wire form of an expression, which the engine executes: straight-line code in static single assignment over
 * one small instruction set. Update rules, schedules and the pointwise ops of programs are all made of it.
 */
export type Operator =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'min'
  | 'max'
  | 'pow'
  | 'neg'
  | 'abs'
  | 'sqrt'
  | 'sign'
  | 'exp'
  | 'log'
  | 'cos'
  | 'tanh'
  | 'floor'
  /** `select(c, a, b)` is a where c > 0, else b. */
  | 'select';

/**
 * An operand names a value: `{ in: k }` the k-th input, `{ op: k }` the result of instruction k,
 * `{ const: x }` a literal.
 */
export type Operand = { in: number } | { op: number } | { const: number };

export interface Instruction {
  op: Operator;
  args: Operand[];
}

/** Straight-line code: `inputs` names its inputs in order; `outputs` what each output is and where it comes from. */
export interface Code {
  inputs: string[];
  instructions: Instruction[];
  outputs: { name: string; from: Operand }[];
}
