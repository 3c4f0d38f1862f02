/**
 * The wire form of an update rule: what `src/optimizers` compiles an expression to and what the
 * engine executes. Two straight-line programs in static single assignment over one small instruction set:
 *
 * - the *scalar program* runs once a step, in float64. Its inputs are `t` (step, from 0), `lr` (after the
 *   schedule), the hyperparameters and the scalar state; it yields the scalars the vector program uses and
 *   the next scalar state.
 * - the *vector program* runs once per element, in float32. Its inputs are the parameter `p`, the gradient
 *   `g` (already clipped and with L2 added by the prelude), the state slots and the scalars.
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

export interface CompiledRule {
  /** e.g. `adam`, `adam/pytorch`, or a user's name. */
  name: string;
  /** Stable hash of the vector program; selects the generated kernel, if there is one. */
  fingerprint: string;
  hyperparameters: string[];
  /** Per-element state slots and their first value. */
  state: { name: string; init: number }[];
  scalarState: { name: string; init: number }[];
  scalar: Code;
  vector: Code;
}

/** A learning-rate schedule as scalar code: inputs `t` (from 0) and `lr` (the initial rate); one output `lr`. */
export interface CompiledSchedule {
  name: string;
  code: Code;
}
