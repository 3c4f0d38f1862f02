import { type OpDefinition, size } from './op-definition.js';
import { accumulate, each, item, set } from './reference-context.js';

/** x[N,…], labels[N,…] → loss, (dx): the mean over elements of (x − label)², and its gradient. */
export const mean_squared_error: OpDefinition = {
  loss: true,
  flops: ({ inputs }) => 4 * size(inputs[0]),
  reference({ x: [x, labels], y: [loss, dx] }) {
    if (!x || !labels || !loss) return;
    each(x, (value, i) => {
      const difference = value - item(labels, i);
      accumulate(loss, 0, difference ** 2 / x.length);
      if (dx) set(dx, i, (2 * difference) / x.length);
    });
  },
};
