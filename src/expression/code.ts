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
  /** `less(a, b)` and `equal(a, b)` are 1 or 0. */
  | 'less'
  | 'equal'
  | 'neg'
  | 'abs'
  | 'sqrt'
  | 'sign'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'sigmoid'
  | 'erf'
  | 'floor'
  /** To the nearest whole number, halves to the even one. */
  | 'round'
  /** `select(c, a, b)` is a where c > 0, else b. */
  | 'select'
  /** `uniform(k)` on [0, 1) and `normal(k)` draw a number for each element from the stream k, a constant. */
  | 'uniform'
  | 'normal';

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
