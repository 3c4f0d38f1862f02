import type { Code } from '../expression/code.js';
import type { MatrixFunction, Rank } from '../expression/expression.js';

/**
 * The wire form of an update rule: what `src/optimizers` compiles an expression to and what the
 * engine executes. Straight-line programs:
 *
 * - the *scalar program* runs once a step, in float64. Its inputs are `t` (step, from 0), `lr` (after the
 *   schedule), the hyperparameters and the scalar state; it yields the scalars the vector program uses and
 *   the next scalar state.
 * - the *sections*, of rules that are not elementwise alone, run in order before the vector program, which belongs to
 *   the last of them.
 * - the *vector program* runs once per element, in float32. Its inputs are the parameter `p`, the gradient
 *   `g` (already clipped and with L2 added by the prelude), the state slots, the scalars and the values of the last
 *   section.
 */
export interface CompiledRule {
  /** e.g. `adam`, `adam/pytorch`, or a user's name. */
  name: string;
  /** Stable hash of the vector program; selects the generated kernel, if there is one. */
  fingerprint: string;
  hyperparameters: string[];
  /**
   * Slots of each element and their first value; or of each row, column or side, float32 too, where `next` names the
   * value of the last section that follows them.
   */
  state: { name: string; init: number; rank?: Rank; next?: string }[];
  scalarState: { name: string; init: number }[];
  scalar: Code;
  /** None for elementwise rules. */
  sections: Section[];
  vector: Code;
  /**
   * Whether a step reads `g_sampled`, from what the scalar program reads: if the one output, `due`, is above 0, the engine
   * puts the gradient at sampled labels, times √B, into the state slot of that name before it. Absent where no step does.
   */
  sampling?: Code;
  /** Absent where the model is evaluated at its parameters. */
  evaluation?: CompiledEvaluation;
  /** What trains parameters that are no matrices, if not this rule. It has some of the same hyperparameters. */
  vectors?: CompiledRule;
}

/**
 * The weights that a model is evaluated at: a scalar program of `t` (the number of steps so far), the hyperparameters
 * and the scalar state, then a vector program of `p`, the state slots and those scalars, with the one output `p`.
 */
export interface CompiledEvaluation {
  scalar: Code;
  vector: Code;
}

/** What is done to each tensor in turn, and the scalar program that follows. */
export interface Section {
  /** What stages compute, by name; one of rank `scalar` is a total over all tensors, in float64. */
  values: { name: string; rank: Rank }[];
  stages: RuleStage[];
  /**
   * After the last tensor, in float64: reads what the scalar program does and all totals so far; gives scalars to the
   * sections to come, and next scalar states.
   */
  scalar: Code;
}

/**
 * A pass over the values of one rank. An output goes to the value of its name: one for each, or their sum where the
 * value's rank is lower. In float32 with sums in float64; a pass over tensors is in float64.
 */
export interface PassStage {
  kind: 'pass';
  rank: Rank;
  code: Code;
}

/** A function of whole matrices, each a value, a state slot, `p` or `g`; an argument may be a scalar, too. */
export interface MatrixStage {
  kind: 'matrix';
  op: MatrixFunction;
  args: string[];
  /** Computed only where this scalar is above 0; else the matrix `otherwise` is copied. */
  when?: { condition: string; otherwise: string };
  /** Which of `args` are taken transposed. */
  transposed: boolean[];
  numbers: number[];
  to: string;
}

export type RuleStage = PassStage | MatrixStage;

/**
 * A learning-rate schedule as scalar code: inputs `t` (from 0), `lr` (the initial rate) and the state of its
 * feedback; one output `lr`.
 */
export interface CompiledSchedule {
  name: string;
  code: Code;
  feedback?: Feedback;
}

/** What a schedule keeps of measurements: inputs `value` (lower is better) and the state; the next state. */
export interface Feedback {
  state: { name: string; init: number }[];
  code: Code;
}
