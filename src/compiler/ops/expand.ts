import { at } from '../graph.js';
import type { OpDefinition } from './op-definition.js';
import { each, item, project, set } from './reference-context.js';

/** y = x repeated along the axes where y is longer, under NumPy's broadcasting. */
export const expand: OpDefinition = {
  keepsType: true,
  gradient: (node, [dy], tape) => [tape.unbroadcast(at([dy], 0), at(node.inputs, 0))],
  flops: () => 0,
  reference({ x: [x], y: [y], inputShapes, outputShapes }) {
    if (!x || !y) return;
    const [from, shape] = [at(inputShapes, 0), at(outputShapes, 0)];
    each(y, (_, i) => set(y, i, item(x, project(i, shape, from))));
  },
};
