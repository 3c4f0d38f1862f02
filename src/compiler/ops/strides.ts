/** Where the elements of a block lie in a flat tensor: `offset` plus, along each axis, a multiple of its stride. */
export interface Strided {
  readonly offset: number;
  readonly strides: readonly number[];
}

/** All of a row-major tensor. */
export function whole(shape: readonly number[]): Strided {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 1; axis > 0; axis--) {
    strides[axis - 1] = (strides[axis] ?? 1) * (shape[axis] ?? 1);
  }
  return { offset: 0, strides };
}

/** A part of a tensor: `lengths[k]` elements along `axes[k]`, from `starts[k]` in steps of `steps[k]` (negative: backwards). */
export interface Window {
  readonly axes: readonly number[];
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly lengths: readonly number[];
}

/** A window into a row-major tensor. */
export function windowOf(shape: readonly number[], { axes, starts, steps }: Window): Strided {
  const { strides } = whole(shape);
  const along = (axis: number) => strides[axis] ?? 1;
  return {
    offset: axes.reduce((sum, axis, k) => sum + (starts[k] ?? 0) * along(axis), 0),
    strides: strides.map((stride, axis) => stride * (steps[axes.indexOf(axis)] ?? 1)),
  };
}

/** Visits a block of `shape` in row-major order, with the flat index of each element in two tensors. */
export function walk(
  shape: readonly number[],
  a: Strided,
  b: Strided,
  visit: (ai: number, bi: number) => void,
): void {
  const along = (axis: number, ai: number, bi: number): void => {
    if (axis === shape.length) visit(ai, bi);
    for (let i = 0; i < (shape[axis] ?? 0); i++) {
      along(axis + 1, ai + i * (a.strides[axis] ?? 0), bi + i * (b.strides[axis] ?? 0));
    }
  };
  along(0, a.offset, b.offset);
}
