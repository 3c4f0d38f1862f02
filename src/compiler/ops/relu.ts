import { at } from '../graph.js';
import { type OpDefinition, perOutput } from './op-definition.js';
import { clamp, each, item, set } from './reference-context.js';

/** y = max(x, 0). */
export const relu: OpDefinition = {
  shapes: ([x = []]) => [x],
  gradient: (node, [dy], tape) =>
    tape.emit('relu_grad', [at([dy], 0), at(node.outputs, 0)], node.inputs, {}),
  flops: perOutput,
  reference({ x: [x], y: [y] }) {
    if (!x || !y) return;
    y.set(x);
    clamp(y);
  },
};

/** dy, y → dx = dy where y > 0. */
export const relu_grad: OpDefinition = {
  flops: perOutput,
  reference({ x: [dy, y], y: [dx] }) {
    if (!dy || !y || !dx) return;
    each(dy, (v, i) => set(dx, i, item(y, i) > 0 ? v : 0));
  },
};
