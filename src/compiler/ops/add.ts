import { at } from '../graph.js';
import { unmask } from './affine.js';
import { broadcast } from './broadcast.js';
import { type OpDefinition, perOutput } from './op-definition.js';
import { clamp, each, item, project, set } from './reference-context.js';

/** y = relu?(a + b) with NumPy's broadcasting. */
export const add: OpDefinition<{ relu: boolean }> = {
  shapes: ([a = [], b = []]) => [broadcast(a, b)],
  gradient(node, [dy], tape) {
    const dz = unmask(node.attributes.relu, node, dy, tape);
    return node.inputs.map((x) => (tape.needs(x) ? tape.unbroadcast(dz, x) : undefined));
  },
  flops: perOutput,
  reference({ x: [a, b], y: [y], inputShapes, outputShapes, attributes }) {
    if (!a || !b || !y) return;
    const [shape, left, right] = [at(outputShapes, 0), at(inputShapes, 0), at(inputShapes, 1)];
    each(y, (_, i) => {
      set(y, i, item(a, project(i, shape, left)) + item(b, project(i, shape, right)));
    });
    if (attributes.relu) clamp(y);
  },
};
