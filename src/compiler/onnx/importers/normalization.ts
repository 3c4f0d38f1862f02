import {
  abs,
  add,
  div,
  mul,
  pow,
  select,
  sqrt,
  square,
  sub,
} from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { elements, fixed } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';
import { axis, type Importers } from './importer.js';
import { meanOf } from './reductions.js';

export const normalization: Importers = {
  BatchNormalization: batchNormalization,
  GroupNormalization(n) {
    n.int('stash_type', 1);
    const x = n.tensor(0);
    const groups = n.int('num_groups', 0);
    const channels = fixed(x.shape[1], 'the number of channels');
    if (!(groups >= 1) || channels % groups !== 0) {
      throw new CompileError(`num_groups is ${groups}; it must divide the ${channels} channels`);
    }
    // Before operator set 21 scale and bias are of groups.
    const perChannel = (k: number): Value => {
      const vector = n.tensor(k);
      if (n.opset >= 21) return vector;
      const column = n.reshape(vector, [groups, 1]);
      return n.reshape(n.expand(column, [groups, channels / groups]), [channels]);
    };
    const epsilon = n.float('epsilon', 1e-5);
    return n.emit('group_norm', [x, perChannel(1), perChannel(2)], { groups, epsilon });
  },
  InstanceNormalization(n) {
    const x = n.tensor(0);
    const groups = fixed(x.shape[1], 'the number of channels');
    const epsilon = n.float('epsilon', 1e-5);
    return n.emit('group_norm', [x, n.tensor(1), n.tensor(2)], { groups, epsilon });
  },
  LRN: localResponse,
  LpNormalization(n) {
    const x = n.tensor(0);
    const axes = [axis(n.int('axis', -1), x.shape.length)];
    const p = n.int('p', 2);
    if (p !== 1 && p !== 2) throw new CompileError(`p is ${p}; it must be 1 or 2`);
    const powers = n.pointwise([x], p === 1 ? abs : square);
    const sum = n.emit('reduce_sum', [powers], { axes, keepdims: true });
    // A row of zeros stays one.
    return n.pointwise([x, sum], (value, total) =>
      select(total, div(value, p === 1 ? total : sqrt(total)), 0),
    );
  },
  MeanVarianceNormalization(n) {
    const x = n.tensor(0);
    const given = n.ints('axes') ?? [0, 2, 3];
    const axes = given.map((a) => axis(a, x.shape.length)).toSorted((a, b) => a - b);
    const centred = n.pointwise([x, meanOf(n, x, axes)], sub);
    const variance = meanOf(n, n.pointwise([centred], square), axes);
    return n.pointwise([centred, variance], (value, v) => div(value, add(sqrt(v), 1e-9)));
  },
  LayerNormalization(n) {
    n.int('stash_type', 1);
    const [x, scale] = [n.tensor(0), n.tensor(1)];
    const inputs = n.has(2) ? [x, scale, n.tensor(2)] : [x, scale];
    return n.emit('layer_norm', inputs, { ...normalized(n, x), center: true });
  },
  RMSNormalization: rmsNormalization,
  SimplifiedLayerNormalization: rmsNormalization,
};

/** What is normalised together, and ε. */
function normalized(n: NodeReader, { shape }: Value) {
  return { axis: axis(n.int('axis', -1), shape.length), epsilon: n.float('epsilon', 1e-5) };
}

function rmsNormalization(n: NodeReader): Value {
  n.int('stash_type', 1);
  const x = n.tensor(0);
  return n.emit('layer_norm', [x, n.tensor(1)], { ...normalized(n, x), center: false });
}

/** Krizhevsky et al. 2012: the sum over neighbouring channels is a pool over them. */
function localResponse(n: NodeReader): Value {
  const x = n.tensor(0);
  const [batch, channels, ...rest] = x.shape;
  if (batch === undefined || channels === undefined) throw new CompileError('it has no channels');
  const size = n.int('size', 0);
  if (!(size >= 1)) throw new CompileError(`size is ${size}; it must be at least 1`);
  const [alpha, beta, bias] = [n.float('alpha', 1e-4), n.float('beta', 0.75), n.float('bias', 1)];
  const squares = n.reshape(n.pointwise([x], square), [batch, 1, channels, elements(rest)]);
  const before = Math.floor((size - 1) / 2);
  const mean = n.emit('avg_pool2d', [squares], {
    kernel: [size, 1],
    strides: [1, 1],
    pads: [before, 0, size - 1 - before, 0],
    count_include_pad: true,
  });
  return n.pointwise([x, n.reshape(mean, x.shape)], (value, m) =>
    div(value, pow(add(bias, mul(alpha, m)), beta)),
  );
}

/**
 * In whichever form it was exported, it is trained: the batch's statistics train, the running ones evaluate. Those that
 * are frozen by name do both.
 */
function batchNormalization(n: NodeReader) {
  const epsilon = n.float('epsilon', 1e-5);
  // ONNX weighs the old value. A float32 such as 0.9 is meant as the decimal it prints as.
  const momentum = Number((1 - n.float('momentum', 0.9)).toPrecision(7));
  n.int('training_mode', 0);
  if (n.int('spatial', 1) !== 1) {
    throw new CompileError('statistics of each position (spatial = 0) are not supported');
  }
  if (n.tensor(3).role === 'temporary') return normalised(n, epsilon);
  const frozen = [3, 4].filter((k) => n.tensor(k).frozen);
  if (frozen.length === 2) return [normalised(n, epsilon), n.tensor(3), n.tensor(4)];
  if (frozen.length === 1) {
    throw new CompileError('either its running mean and variance are frozen, or neither');
  }
  const [mean, variance] = [n.state(3), n.state(4)];
  const inputs = [n.tensor(0), n.tensor(1), n.tensor(2), mean.value, variance.value];
  const attributes = { epsilon, momentum, relu: false };
  const outputs = n.emitAll('batch_norm', inputs, attributes);
  const nextMean = after(n, mean, at(outputs, 3), momentum);
  const nextVariance = after(n, variance, at(outputs, 4), momentum);
  n.assign(3, mean.value, nextMean, { kind: 'zeros' });
  n.assign(4, variance.value, nextVariance, { kind: 'ones' });
  return [at(outputs, 0), nextMean, nextVariance];
}

/**
 * A running statistic after this use of it, r′ = (1 − m)·r + m·batch from the r that the step found. Where the layer was
 * used before in the step, as one that two inputs share, it goes on from what that left: r′ + (1 − m)·(left − r).
 */
function after(
  n: NodeReader,
  { value, next: left }: { value: Value; next?: Value },
  next: Value,
  momentum: number,
): Value {
  if (left === undefined) return next;
  return n.pointwise([next, left, value], (own, before, found) =>
    add(own, mul(1 - momentum, sub(before, found))),
  );
}

/** By statistics that are given: that the model itself computes, where a norm keeps no running ones, or frozen ones. */
function normalised(n: NodeReader, epsilon: number): Value {
  const x = n.tensor(0);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((k) => {
    const channels = n.tensor(k);
    return n.reshape(channels, [at(channels.shape, 0), ...x.shape.slice(2).map(() => 1)]);
  });
  const operands = [x, scale, bias, mean, variance].filter((value) => value !== undefined);
  return n.pointwise(operands, (value, factor, shift, centre, spread) =>
    add(mul(div(sub(value, centre), sqrt(add(spread, epsilon))), factor), shift),
  );
}
