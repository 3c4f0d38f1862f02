import { type OpDefinition, size } from './op-definition.js';
import { accumulate, each, item, set } from './reference-context.js';
import { atLabels, normalAt } from './sampled-labels.js';

/** x[N,…], labels[N,…] → loss, (dx): the mean over elements of (x − label)², and its gradient. */
export const mean_squared_error: OpDefinition = {
  loss: true,
  // The squared difference is the negative log-likelihood of a normal distribution with the variance one half.
  atSampledLabels: (context) =>
    atLabels(
      context,
      (_, i) => (context.x[0]?.[i] ?? Number.NaN) + Math.SQRT1_2 * normalAt(context.noise, i),
    ),
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
