import { CompileError } from '../compile-error.js';
import { formatShape } from '../dimension.js';
import { at } from '../graph.js';
import type { OpDefinition } from './op-definition.js';
import { item, set } from './reference-context.js';
import { walk, whole } from './strides.js';

/** y = x with its axes in another order: axis k of y is axis `perm[k]` of x. */
export const transpose: OpDefinition<{ perm: readonly number[] }> = {
  keepsType: true,
  shapes([x = []], { perm }) {
    if (perm.length !== x.length || x.some((_, axis) => !perm.includes(axis))) {
      throw new CompileError(`perm [${perm}] does not order the axes of ${formatShape(x)}`);
    }
    return [perm.map((axis) => at(x, axis))];
  },
  gradient(node, [dy], tape) {
    const { perm } = node.attributes;
    const back = perm.map((_, axis) => perm.indexOf(axis));
    return tape.emit('transpose', [at([dy], 0)], node.inputs, { perm: back });
  },
  flops: () => 0,
  reference({ x: [x], y: [y], inputShapes, outputShapes, attributes: { perm } }) {
    if (!x || !y) return;
    const { strides } = whole(at(inputShapes, 0));
    const from = { offset: 0, strides: perm.map((axis) => at(strides, axis)) };
    const shape = at(outputShapes, 0);
    walk(shape, from, whole(shape), (xi, yi) => set(y, yi, item(x, xi)));
  },
};
