import { CompileError } from '../compile-error.js';
import { fixed, formatShape } from '../dimension.js';
import { at } from '../graph.js';
import { type OpDefinition, size } from './op-definition.js';
import { item, set } from './reference-context.js';

export interface TopAttributes {
  axis: number;
  /** How many, from 1 to the length of the axis. */
  count: number;
  /** Else the smallest. */
  largest: boolean;
}

/**
 * y (i32) = the places of the `count` greatest of x along `axis`, the greatest first, of equals the first first:
 * x[…A, L, …B] → y[…A, count, …B]. Numbers that are none come before all others.
 */
export const top_indices: OpDefinition<TopAttributes> = {
  dtype: 'i32',
  shapes([x = []], { axis, count }) {
    if (axis >= x.length) throw new CompileError(`${formatShape(x)} has no axis ${axis}`);
    const length = fixed(x[axis], 'the length that is searched');
    if (count < 1 || count > length) {
      throw new CompileError(`the ${count} greatest of ${length} are asked for`);
    }
    return [x.with(axis, count)];
  },
  flops: ({ inputs }) => size(inputs[0]),
  reference({ x: [x], y: [y], inputShapes, attributes: { axis, count, largest } }) {
    if (!x || !y) return;
    const shape = at(inputShapes, 0);
    const [before, length, after] = [
      size(shape.slice(0, axis)),
      at(shape, axis),
      size(shape.slice(axis + 1)),
    ];
    const rank = (value: number) => {
      if (Number.isNaN(value)) return Infinity;
      return largest ? value : -value;
    };
    for (let a = 0; a < before; a++) {
      for (let b = 0; b < after; b++) {
        const place = (k: number) => rank(item(x, (a * length + k) * after + b));
        const order = Array.from({ length }, (_, k) => k).sort((i, j) =>
          place(i) === place(j) ? i - j : place(j) - place(i),
        );
        for (let k = 0; k < count; k++) set(y, (a * count + k) * after + b, at(order, k));
      }
    }
  },
};
