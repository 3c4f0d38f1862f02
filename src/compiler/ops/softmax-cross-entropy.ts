import { type OpDefinition, size } from './op-definition.js';
import { accumulate, each, set } from './reference-context.js';

/**
 * logits[N,C], labels[N] → loss, errors, (dlogits[N,C]).
 * `loss` and `errors` (the fraction whose arg-max is not the label) are metrics, means over rows with label ≥ 0;
 * `dlogits` is the gradient of the mean loss.
 */
export const softmax_cross_entropy: OpDefinition<{ label_smoothing: number }> = {
  requiredOutputs: 2,
  loss: { input: 0, gradient: 2 },
  flops: ({ inputs }) => 5 * size(inputs[0]),
  reference({ x: [logits, labels], y: [loss, errors, dlogits], inputShapes, attributes }) {
    if (!logits || !labels || !loss || !errors) return;
    const [, classes = 0] = inputShapes[0] ?? [];
    const smoothing = attributes.label_smoothing;
    const counted = labels.filter((label) => label >= 0).length;
    each(labels, (label, n) => {
      if (label < 0) return;
      const row = logits.subarray(n * classes, (n + 1) * classes);
      const top = Math.max(...row);
      const log = top + Math.log(row.reduce((sum, z) => sum + Math.exp(z - top), 0));
      each(row, (z, k) => {
        const target = smoothing / classes + (k === label ? 1 - smoothing : 0);
        accumulate(loss, 0, (target * (log - z)) / counted);
        if (dlogits) set(dlogits, n * classes + k, (Math.exp(z - log) - target) / counted);
      });
      if (row.indexOf(top) !== label) accumulate(errors, 0, 1 / counted);
    });
  },
};
