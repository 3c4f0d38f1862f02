import { at } from '../graph.js';
import { eachWindow, type PoolAttributes, poolShape } from './images.js';
import { type OpDefinition, size } from './op-definition.js';
import { accumulate, each, item, set } from './reference-context.js';

type Attributes = PoolAttributes & { relu: boolean };

/**
 * y = relu?(max of each window): x[N,C,H,W] → y[N,C,H',W'], (argmax).
 * `argmax` is an opaque i32 tensor shaped like y, meaningful to `max_pool2d_grad` alone.
 */
export const max_pool2d: OpDefinition<Attributes> = {
  shapes([x = []], attributes) {
    const y = poolShape(x, attributes);
    return [y, y];
  },
  secondary: [{ suffix: 'argmax', dtype: 'i32' }],
  gradient: (node, [dy], tape) =>
    tape.emit('max_pool2d_grad', [at([dy], 0), at(node.outputs, 1)], node.inputs, node.attributes),
  flops: ({ outputs }, { kernel }) => size(outputs[0]) * size(kernel),
  reference({ x: [x], y: [y, argmax], inputShapes, outputShapes, attributes }) {
    if (!x || !y) return;
    eachWindow(attributes, at(inputShapes, 0), at(outputShapes, 0), (yi, members) => {
      let best = at(members, 0);
      for (const xi of members) if (item(x, xi) > item(x, best)) best = xi;
      const cut = attributes.relu && item(x, best) <= 0;
      set(y, yi, cut ? 0 : item(x, best));
      if (argmax) set(argmax, yi, cut ? -1 : best);
    });
  },
};

/** dy, argmax → dx; with `relu`, dy is masked where it cut. */
export const max_pool2d_grad: OpDefinition<Attributes> = {
  flops: ({ inputs }) => size(inputs[0]),
  reference({ x: [dy, argmax], y: [dx] }) {
    if (!dy || !argmax || !dx) return;
    each(dy, (v, yi) => {
      const xi = item(argmax, yi);
      if (xi >= 0) accumulate(dx, xi, v);
    });
  },
};
