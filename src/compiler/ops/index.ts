import { add } from './add.js';
import { assign } from './assign.js';
import { attention, attention_grad } from './attention.js';
import { avg_pool2d, avg_pool2d_grad } from './avg-pool2d.js';
import { batch_norm, batch_norm_grad, batch_norm_inference } from './batch-norm.js';
import { conv2d, conv2d_grad_input, conv2d_grad_weight } from './conv2d.js';
import { dense, dense_grad_input, dense_grad_weight } from './dense.js';
import { dropout } from './dropout.js';
import { expand } from './expand.js';
import { gather, gather_grad } from './gather.js';
import { gather_elements, scatter_elements } from './gather-elements.js';
import { group_norm, group_norm_grad } from './group-norm.js';
import { gru, gru_grad } from './gru.js';
import { layer_norm, layer_norm_grad } from './layer-norm.js';
import { lstm, lstm_grad } from './lstm.js';
import { matmul } from './matmul.js';
import { max_pool2d, max_pool2d_grad } from './max-pool2d.js';
import { mean_squared_error } from './mean-squared-error.js';
import type { OpDefinition } from './op-definition.js';
import { output_loss } from './output-loss.js';
import { pointwise } from './pointwise.js';
import { reduce_max, reduce_sum } from './reduce.js';
import { relu, relu_grad } from './relu.js';
import { reshape } from './reshape.js';
import { rnn, rnn_grad } from './rnn.js';
import { sigmoid_cross_entropy } from './sigmoid-cross-entropy.js';

import { pad, slice } from './slice.js';
import { softmax } from './softmax.js';
import { softmax_cross_entropy } from './softmax-cross-entropy.js';
import { concat, split } from './split.js';
import { to_float } from './to-float.js';
import { to_index } from './to-index.js';
import { top_indices } from './top-indices.js';
import { transpose } from './transpose.js';

/** Every op there is. To add one: a file here with its definition, its line below, and its file in `native/ops`. */
export const ops = {
  conv2d,
  conv2d_grad_input,
  conv2d_grad_weight,
  max_pool2d,
  max_pool2d_grad,
  avg_pool2d,
  avg_pool2d_grad,
  batch_norm,
  batch_norm_grad,
  batch_norm_inference,
  group_norm,
  group_norm_grad,
  dense,
  dense_grad_input,
  dense_grad_weight,
  pointwise,
  dropout,
  matmul,
  attention,
  attention_grad,
  layer_norm,
  layer_norm_grad,
  gather,
  gather_grad,
  transpose,
  slice,
  pad,
  split,
  concat,
  expand,
  to_float,
  to_index,
  gather_elements,
  scatter_elements,
  top_indices,
  add,
  reduce_sum,
  reduce_max,
  softmax,
  relu,
  relu_grad,
  reshape,
  assign,
  lstm,
  lstm_grad,
  gru,
  gru_grad,
  rnn,
  rnn_grad,
  softmax_cross_entropy,
  mean_squared_error,
  sigmoid_cross_entropy,
  output_loss,
} as const;

export type OpKind = keyof typeof ops;

/** The attributes of an op, as they stand in a `Program`. */
export type AttributesOf<K extends OpKind> =
  (typeof ops)[K] extends OpDefinition<infer A> ? A : never;

/** The definition of an op that is known by name only. */
export const definitionOf = (kind: OpKind): OpDefinition<unknown> =>
  ops[kind] as OpDefinition<unknown>;
