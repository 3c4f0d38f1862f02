import { type OpDefinition, size } from './op-definition.js';
import { accumulate, each, set } from './reference-context.js';

/** x[N] or a scalar → loss, (dx): the mean of the model's own output, and its gradient. */
export const output_loss: OpDefinition = {
  loss: true,
  flops: ({ inputs }) => size(inputs[0]),
  reference({ x: [x], y: [loss, dx] }) {
    if (!x || !loss) return;
    each(x, (value, i) => {
      accumulate(loss, 0, value / x.length);
      if (dx) set(dx, i, 1 / x.length);
    });
  },
};
