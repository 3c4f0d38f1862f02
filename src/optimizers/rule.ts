import type { Code } from '../expression/code.js';

/**
 * The wire form of an update rule: what `src/optimizers` compiles an expression to and what the
 * engine executes. Two straight-line programs:
 *
 * - the *scalar program* runs once a step, in float64. Its inputs are `t` (step, from 0), `lr` (after the
 *   schedule), the hyperparameters and the scalar state; it yields the scalars the vector program uses and
 *   the next scalar state.
 * - the *vector program* runs once per element, in float32. Its inputs are the parameter `p`, the gradient
 *   `g` (already clipped and with L2 added by the prelude), the state slots and the scalars.
 */
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
  /** Absent where the model is evaluated at its parameters. */
  evaluation?: CompiledEvaluation;
}

/**
 * The weights that a model is evaluated at: a scalar program of `t` (the number of steps so far), the hyperparameters
 * and the scalar state, then a vector program of `p`, the state slots and those scalars, with the one output `p`.
 */
export interface CompiledEvaluation {
  scalar: Code;
  vector: Code;
}

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
