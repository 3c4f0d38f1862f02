import { codeOf } from '../expression/code-expressions.js';
import { runCode } from '../expression/run-code.js';
import { reference } from '../optimizers/index.js';
import { Philox } from '../random/philox.js';
import { member } from './member.js';
import type { Setting } from './setting.js';

/** Gradients, which do not depend on where they lead, and the parameters to start from. */
export interface History {
  start: Float64Array;
  gradients: readonly Float64Array[];
  /** Of the tensor that all are, row-major. Default: a vector. */
  shape?: readonly number[];
}

/** A learning rate by step (from 0). */
export type Rate = (t: number) => number;

/**
 * Gradients of random signs and of sizes from 0.05 to 2, so that no two differ by much, all of them float32 numbers.
 *
 * @param size number of parameters
 */
export function randomHistory(seed: number, size: number, steps: number): History {
  const random = new Philox(seed);
  const number = () => {
    const signed = 2 * random.uniform() - 1;
    return Math.fround(Math.sign(signed) * 0.05 * 40 ** Math.abs(signed));
  };
  const vector = () => Float64Array.from({ length: size }, number);
  return { start: vector(), gradients: Array.from({ length: steps }, vector) };
}

/**
 * The parameters after each step.
 *
 * The gradient at sampled labels, for a rule that reads it, is the gradient itself.
 *
 * @param name a rule's, e.g. `adam/pytorch`
 * @param eta the learning rate that the setting's is made from
 * @param round `Math.fround` for float32; nothing for float64
 */
export function trajectory(
  name: string,
  { hyperparameters, lr }: Setting,
  { start, gradients, shape = [start.length] }: History,
  eta: Rate,
  round?: (value: number) => number,
): Float64Array[] {
  const code = codeOf(['eta', 't'], [lr]);
  const rate = (t: number): number => {
    const inputs = code.inputs.map((input) => (input === 't' ? t : eta(t)));
    return runCode(code, inputs)[0] ?? Number.NaN;
  };
  const optimizer = reference(member(name), [shape], rate, hyperparameters, round);
  const p = start.slice();
  return gradients.map((gradient) => {
    optimizer.step(p, gradient, gradient);
    return p.slice();
  });
}

/** The greatest distance of two trajectories, relative to how far the expected one goes. NaN when either has one. */
export function deviation(
  actual: readonly Float64Array[],
  expected: readonly Float64Array[],
  start: Float64Array,
): number {
  const largest = (difference: (values: Float64Array, step: number, i: number) => number): number =>
    Math.max(
      ...expected.flatMap((values, step) =>
        Array.from(values, (_, i) => Math.abs(difference(values, step, i))),
      ),
    );
  const distance = largest(
    (values, step, i) => (actual[step]?.[i] ?? Number.NaN) - (values[i] ?? 0),
  );
  return distance / largest((values, _, i) => (values[i] ?? 0) - (start[i] ?? 0));
}
