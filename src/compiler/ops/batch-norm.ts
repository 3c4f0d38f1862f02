import { CompileError } from '../compile-error.js';
import { fixed, formatShape, type Shape, sameShape } from '../dimension.js';
import { at } from '../graph.js';
import { type ConcreteShapes, type OpDefinition, size } from './op-definition.js';
import { accumulate, clamp, each, item, type Numbers, set } from './reference-context.js';

export interface BatchNormAttributes {
  /** Added to the variance. */
  epsilon: number;
  /** The weight of the batch in the running statistics: PyTorch's convention, 1 − ONNX's. */
  momentum: number;
  relu: boolean;
}

/**
 * y = relu?((x − μ)/√(σ² + ε)·scale + bias (+ residual)), μ and σ² of each channel over the batch (Ioffe & Szegedy,
 * "Batch Normalization", 2015): x[N,C,…], scale[C], bias[C], running mean[C], running variance[C], (residual like x)
 * → y, μ[C], 1/√(σ² + ε)[C], next running mean[C], next running variance[C].
 *
 * A running statistic becomes (1 − momentum)·running + momentum·batch, with the unbiased variance (of n − 1), as in
 * PyTorch, where ONNX's text has the biased one. An evaluation normalises by the running statistics.
 */
export const batch_norm: OpDefinition<BatchNormAttributes> = {
  shapes([x = [], ...channels]) {
    if (x.length < 2) {
      throw new CompileError(`the input has shape ${formatShape(x)}; [N, C, …] is expected`);
    }
    const perChannel: Shape = [fixed(x[1], 'the number of channels')];
    for (const shape of channels) {
      if (sameShape(shape, perChannel)) continue;
      throw new CompileError(
        `a scale, bias, mean or variance has shape ${formatShape(shape)}; ${formatShape(perChannel)} is expected`,
      );
    }
    return [x, perChannel, perChannel, perChannel, perChannel];
  },
  secondary: [
    { suffix: 'mean' },
    { suffix: 'rstd' },
    { suffix: 'running_mean' },
    { suffix: 'running_var' },
  ],
  requiredOutputs: 5,
  starts: [undefined, { kind: 'ones' }, { kind: 'zeros' }],
  gradient({ inputs, outputs, attributes: { relu } }, [dy], tape) {
    const [x, scale, bias, , , residual] = inputs;
    const [y, mean, rstd] = outputs;
    const from = [at([dy], 0), at([x], 0), at([scale], 0), at([bias], 0), at([mean], 0)];
    // Without a residual the sign of y follows from x, so that y need not be read, or kept.
    const masked = relu && residual !== undefined;
    const reads = [...from, at([rstd], 0), ...(masked ? [at([y], 0)] : [])];
    const like = [at([x], 0), at([scale], 0), at([bias], 0), ...(masked ? [residual] : [])];
    const [dx, dscale, dbias, dresidual] = tape.emit('batch_norm_grad', reads, like, { relu });
    return [dx, dscale, dbias, undefined, undefined, masked ? dresidual : dy];
  },
  evaluation: ({ inputs, attributes: { epsilon, relu } }) => ({
    kind: 'batch_norm_inference',
    inputs,
    attributes: { epsilon, relu },
  }),
  flops: ({ inputs }) => 7 * size(inputs[0]),
  reference({ x, y: [y, mean, rstd, nextMean, nextVariance], inputShapes, attributes }) {
    const [input, scale, bias, runningMean, runningVariance, residual] = x;
    if (!input || !scale || !bias || !runningMean || !runningVariance) return;
    if (!y || !mean || !rstd || !nextMean || !nextVariance) return;
    const shape = at(inputShapes, 0);
    const count = size(shape) / mean.length;
    const { epsilon, momentum, relu } = attributes;
    eachChannel(input, shape, (v, c) => accumulate(mean, c, v / count));
    eachChannel(input, shape, (v, c) => accumulate(rstd, c, (v - item(mean, c)) ** 2 / count));
    each(mean, (batch, c) => {
      const variance = item(rstd, c);
      const unbiased = count > 1 ? (variance * count) / (count - 1) : variance;
      set(rstd, c, 1 / Math.sqrt(variance + epsilon));
      set(nextMean, c, (1 - momentum) * item(runningMean, c) + momentum * batch);
      set(nextVariance, c, (1 - momentum) * item(runningVariance, c) + momentum * unbiased);
    });
    normalize({ input, mean, rstd, scale, bias, residual, relu }, shape, y);
  },
};

/** dy, x, scale, bias, μ, 1/√(σ² + ε), (y) → dx, dscale, dbias, (dresidual); y and dresidual with ReLU and residual. */
export const batch_norm_grad: OpDefinition<{ relu: boolean }> = {
  requiredOutputs: 3,
  flops: ({ inputs }) => 11 * size(inputs[0]),
  reference({ x, y: [dx, dscale, dbias, dresidual], inputShapes, attributes: { relu } }) {
    const [dy, input, scale, bias, mean, rstd, y] = x;
    if (!dy || !input || !scale || !bias || !mean || !rstd || !dx || !dscale || !dbias) return;
    const shape = at(inputShapes, 1);
    const count = size(shape) / mean.length;
    const dz = Float64Array.from(dy);
    const normal = (v: number, c: number) => (v - item(mean, c)) * item(rstd, c);
    eachChannel(input, shape, (v, c, i) => {
      const positive = y ? item(y, i) > 0 : normal(v, c) * item(scale, c) + item(bias, c) > 0;
      if (relu && !positive) set(dz, i, 0);
      accumulate(dscale, c, item(dz, i) * normal(v, c));
      accumulate(dbias, c, item(dz, i));
    });
    eachChannel(input, shape, (v, c, i) => {
      const pull = (item(dbias, c) + normal(v, c) * item(dscale, c)) / count;
      set(dx, i, item(scale, c) * item(rstd, c) * (item(dz, i) - pull));
    });
    dresidual?.set(dz);
  },
};

/** y = relu?((x − mean)/√(variance + ε)·scale + bias (+ residual)): x[N,C,…], scale, bias, mean, variance, (residual). */
export const batch_norm_inference: OpDefinition<Omit<BatchNormAttributes, 'momentum'>> = {
  flops: ({ inputs }: ConcreteShapes) => 2 * size(inputs[0]),
  reference({ x, y: [y], inputShapes, attributes: { epsilon, relu } }) {
    const [input, scale, bias, mean, variance, residual] = x;
    if (!input || !scale || !bias || !mean || !variance || !y) return;
    const rstd = variance.map((v) => 1 / Math.sqrt(v + epsilon));
    normalize({ input, mean, rstd, scale, bias, residual, relu }, at(inputShapes, 0), y);
  },
};

interface Normalization {
  input: Numbers;
  mean: Numbers;
  rstd: Numbers;
  scale: Numbers;
  bias: Numbers;
  residual: Numbers | undefined;
  relu: boolean;
}

function normalize(n: Normalization, shape: readonly number[], y: Numbers): void {
  eachChannel(n.input, shape, (v, c, i) => {
    const normal = (v - item(n.mean, c)) * item(n.rstd, c);
    const shift = item(n.bias, c) + (n.residual ? item(n.residual, i) : 0);
    set(y, i, normal * item(n.scale, c) + shift);
  });
  if (n.relu) clamp(y);
}

/** Visits the elements of a tensor [N, C, …] with their channel. */
function eachChannel(
  x: Numbers,
  [, channels = 1, ...inner]: readonly number[],
  visit: (value: number, channel: number, index: number) => void,
): void {
  const length = size(inner);
  each(x, (v, i) => visit(v, Math.floor(i / length) % channels, i));
}
