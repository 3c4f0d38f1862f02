import { type OpDefinition, size } from './op-definition.js';
import { accumulate, each, item, set } from './reference-context.js';
import { atLabels, uniformAt } from './sampled-labels.js';

/**
 * logits[N,…], labels[N,…] in [0, 1] → loss, errors, (dlogits).
 * `loss` is the mean over elements of the binary cross-entropy, `errors` the fraction of elements on the other side of
 * one half than their label.
 */
export const sigmoid_cross_entropy: OpDefinition = {
  requiredOutputs: 2,
  loss: true,
  atSampledLabels: (context) =>
    atLabels(context, (_, i) => {
      const z = context.x[0]?.[i] ?? Number.NaN;
      return uniformAt(context.noise, i) < 1 / (1 + Math.exp(-z)) ? 1 : 0;
    }),
  flops: ({ inputs }) => 6 * size(inputs[0]),
  reference({ x: [logits, labels], y: [loss, errors, dlogits] }) {
    if (!logits || !labels || !loss || !errors) return;
    const count = logits.length;
    each(logits, (z, i) => {
      const label = item(labels, i);
      const value = Math.max(z, 0) - z * label + Math.log1p(Math.exp(-Math.abs(z)));
      accumulate(loss, 0, value / count);
      if (z > 0 !== label > 0.5) accumulate(errors, 0, 1 / count);
      if (dlogits) set(dlogits, i, (1 / (1 + Math.exp(-z)) - label) / count);
    });
  },
};
