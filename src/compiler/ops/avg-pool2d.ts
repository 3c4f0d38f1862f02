import { at } from '../graph.js';
import { eachWindow, type PoolAttributes, poolShape } from './images.js';
import { type OpDefinition, size } from './op-definition.js';
import { accumulate, item, set } from './reference-context.js';

type Attributes = PoolAttributes & { count_include_pad: boolean };

/** y = mean of each window, padding counted where `count_include_pad`: x[N,C,H,W] → y[N,C,H',W']. */
export const avg_pool2d: OpDefinition<Attributes> = {
  shapes: ([x = []], attributes) => [poolShape(x, attributes)],
  gradient: (node, [dy], tape) =>
    tape.emit('avg_pool2d_grad', [at([dy], 0)], node.inputs, node.attributes),
  flops: ({ outputs }, { kernel }) => size(outputs[0]) * size(kernel),
  reference({ x: [x], y: [y], inputShapes, outputShapes, attributes }) {
    if (!x || !y) return;
    eachWindow(attributes, at(inputShapes, 0), at(outputShapes, 0), (yi, members, window) => {
      const sum = members.reduce((sum, xi) => sum + item(x, xi), 0);
      set(y, yi, sum / (attributes.count_include_pad ? window : members.length));
    });
  },
};

/** dy → dx. */
export const avg_pool2d_grad: OpDefinition<Attributes> = {
  flops: ({ inputs }, { kernel }) => size(inputs[0]) * size(kernel),
  reference({ x: [dy], y: [dx], inputShapes, outputShapes, attributes }) {
    if (!dy || !dx) return;
    eachWindow(attributes, at(outputShapes, 0), at(inputShapes, 0), (yi, members, window) => {
      const count = attributes.count_include_pad ? window : members.length;
      for (const xi of members) accumulate(dx, xi, item(dy, yi) / count);
    });
  },
};
