import type { NoiseKey } from './noise.js';

/** Tensors in float64, flat in row-major order. */
export type Numbers = Float64Array;

/** What a reference kernel sees: its tensors, their shapes, its attributes. Outputs start as zeros. */
export interface ReferenceContext<A> {
  readonly x: readonly Numbers[];
  readonly y: readonly Numbers[];
  readonly inputShapes: readonly (readonly number[])[];
  readonly outputShapes: readonly (readonly number[])[];
  readonly attributes: A;
  /** Of the step, for ops that draw random numbers. */
  readonly noise: NoiseKey;
}

export const item = (a: Numbers, i: number): number => {
  const value = a[i];
  if (value === undefined) throw new RangeError(`index ${i} of ${a.length}`);
  return value;
};

export const set = (a: Numbers, i: number, value: number): void => {
  a[i] = value;
};

export const accumulate = (a: Numbers, i: number, value: number): void =>
  set(a, i, item(a, i) + value);

export const each = (a: Numbers, visit: (value: number, i: number) => void): void => {
  for (let i = 0; i < a.length; i++) visit(item(a, i), i);
};

/** Cuts off at zero, in place. */
export const clamp = (a: Numbers): void => each(a, (v, i) => set(a, i, Math.max(0, v)));

/** The flat index in a tensor of shape `to` of what broadcasts to flat index `i` of shape `from`. */
export function project(i: number, from: readonly number[], to: readonly number[]): number {
  let rest = i;
  let result = 0;
  let stride = 1;
  for (let axis = 1; axis <= from.length; axis++) {
    const length = from.at(-axis) ?? 1;
    const position = rest % length;
    rest = Math.floor(rest / length);
    const own = to.at(-axis) ?? 1;
    if (axis <= to.length && own !== 1) result += position * stride;
    if (axis <= to.length) stride *= own;
  }
  return result;
}
