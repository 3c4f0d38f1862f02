import { at } from '../graph.js';
import { type OpDefinition, size } from './op-definition.js';
import { accumulate, each, project } from './reference-context.js';

/** y = sum of x over `axes`. */
export const reduce_sum: OpDefinition<{ axes: readonly number[]; keepdims: boolean }> = {
  flops: ({ inputs }) => size(inputs[0]),
  reference({ x: [x], y: [y], inputShapes, attributes: { axes } }) {
    if (!x || !y) return;
    const shape = at(inputShapes, 0);
    const kept = shape.map((d, i) => (axes.includes(i) ? 1 : d));
    each(x, (v, i) => accumulate(y, project(i, shape, kept), v));
  },
};
