import { type OpDefinition, size } from './op-definition.js';
import { accumulate, each, set } from './reference-context.js';
import { atLabels, pickClass, uniformAt } from './sampled-labels.js';

export interface SoftmaxCrossEntropyAttributes {
  label_smoothing: number;
  ignore_index?: number;
  top_k?: number;
}

const counts = ({ ignore_index }: SoftmaxCrossEntropyAttributes, label: number): boolean =>
  label >= 0 && label !== ignore_index;

/**
 * logits[N,…,C], labels[N,…] → loss, errors, (beyond), (dlogits[N,…,C]).
 * `loss`, `errors` (the fraction whose arg-max is not the label) and, with `top_k`, `beyond` (the fraction whose label
 * is not among the k first) are metrics, means over labels that are neither negative nor `ignore_index`; `dlogits` is
 * the gradient of the mean loss.
 */
export const softmax_cross_entropy: OpDefinition<SoftmaxCrossEntropyAttributes> = {
  requiredOutputs: 2,
  loss: true,
  // Of labels that are drawn any class counts, and none is smoothed. Rows that do not count stay so.
  atSampledLabels(context) {
    const { x, inputShapes, attributes, noise } = context;
    const classes = inputShapes[0]?.at(-1) ?? 0;
    const drawn = atLabels(context, (label, n) => {
      if (!counts(attributes, label)) return -1;
      const row = x[0]?.subarray(n * classes, (n + 1) * classes) ?? new Float64Array();
      const top = Math.max(...row);
      const weights = row.map((z) => Math.exp(z - top));
      return pickClass(weights, uniformAt(noise, n));
    });
    const { ignore_index: _, ...others } = attributes;
    return { ...drawn, attributes: { ...others, label_smoothing: 0 } };
  },
  flops: ({ inputs }) => 5 * size(inputs[0]),
  reference({ x: [logits, labels], y: [loss, errors, ...others], inputShapes, attributes }) {
    if (!logits || !labels || !loss || !errors) return;
    const { label_smoothing: smoothing, top_k } = attributes;
    const [beyond, dlogits] = top_k === undefined ? [undefined, ...others] : others;
    const classes = inputShapes[0]?.at(-1) ?? 0;
    const counted = labels.filter((label) => counts(attributes, label)).length;
    each(labels, (label, n) => {
      if (!counts(attributes, label)) return;
      const row = logits.subarray(n * classes, (n + 1) * classes);
      const top = Math.max(...row);
      const log = top + Math.log(row.reduce((sum, z) => sum + Math.exp(z - top), 0));
      const own = row[label] ?? Number.NaN;
      let rank = 0;
      each(row, (z, k) => {
        const target = smoothing / classes + (k === label ? 1 - smoothing : 0);
        accumulate(loss, 0, (target * (log - z)) / counted);
        if (dlogits) set(dlogits, n * classes + k, (Math.exp(z - log) - target) / counted);
        if (z > own || (z === own && k < label)) rank++;
      });
      if (rank > 0) accumulate(errors, 0, 1 / counted);
      if (beyond && rank >= (top_k ?? 0)) accumulate(beyond, 0, 1 / counted);
    });
  },
};
