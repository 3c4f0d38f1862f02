import { div, equal, mul, neg } from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { fixed } from '../../dimension.js';
import type { Value } from '../../graph.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';
import { softmaxAlong } from './reductions.js';

/** Losses that a model calculates itself, from labels that are an input. */
export const losses: Importers = {
  NegativeLogLikelihoodLoss: (n) => likelihoodLoss(n, n.tensor(0)),
  SoftmaxCrossEntropyLoss(n) {
    const logarithms = softmaxAlong(n, n.tensor(0), 1, true, 1);
    return [likelihoodLoss(n, logarithms), logarithms];
  },
};

/** −Σ weight[label] · x[n, label, …]: of each label, their sum, or that over the sum of the weights. */
function likelihoodLoss(n: NodeReader, x: Value): Value {
  const labels = n.tensor(1);
  const classes = fixed(x.shape[1], 'the number of classes');
  const column = n.reshape(labels, x.shape.with(1, 1));
  const across = x.shape.map((_, k) => (k === 1 ? classes : 1));
  const numbers = Known.build('float', across, (_, k) => k);
  const ignored = n.hasAttribute('ignore_index') ? n.int('ignore_index', 0) : classes;
  const counts = Known.build('float', across, (_, k) => Number(k !== ignored));
  const weight = n.has(2)
    ? n.pointwise([n.reshape(n.tensor(2), across), counts], mul)
    : n.constant(counts, 'counts');
  const shares = n.pointwise([column, numbers, weight], (label, k, w) => mul(equal(label, k), w));
  const overClasses = (values: Value) =>
    n.emit('reduce_sum', [values], { axes: [1], keepdims: false });
  const loss = overClasses(n.pointwise([shares, x], (share, value) => neg(mul(share, value))));
  const reduction = n.string('reduction', 'mean');
  if (reduction === 'none') return loss;
  if (reduction !== 'mean' && reduction !== 'sum') {
    throw new CompileError(`reduction is ${reduction}; it must be none, mean or sum`);
  }
  const overAll = (values: Value) =>
    n.emit('reduce_sum', [values], { axes: values.shape.map((_, k) => k), keepdims: false });
  const sum = overAll(loss);
  return reduction === 'sum' ? sum : n.pointwise([sum, overAll(overClasses(shares))], div);
}
