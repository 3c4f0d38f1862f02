import { CompileError } from '../compile-error.js';
import { formatShape, sameShape } from '../dimension.js';
import { at } from '../graph.js';
import { type OpDefinition, size } from './op-definition.js';
import { accumulate, each, item, type Numbers, set } from './reference-context.js';

export interface LayerNormAttributes {
  /** The first axis of what is normalised together: it and all after it. */
  axis: number;
  epsilon: number;
  /** Without: only divided by the root of the mean square (Zhang and Sennrich 2019, "RMSNorm"). */
  center: boolean;
}

/**
 * y = (x − mean)/√(variance + ε)·scale + bias over the trailing axes (Ba et al. 2016): x[…A, …B], scale[…B],
 * (bias[…B]) → y[…A, …B], and mean[…A] and rstd[…A] = 1/√(variance + ε) for the gradient.
 */
export const layer_norm: OpDefinition<LayerNormAttributes> = {
  secondary: [{ suffix: 'mean' }, { suffix: 'rstd' }],
  starts: [undefined, { kind: 'ones' }, { kind: 'zeros' }],
  shapes([x = [], scale = [], bias], { axis }) {
    const normalized = x.slice(axis);
    for (const vector of [scale, bias ?? scale]) {
      if (axis < x.length && sameShape(vector, normalized)) continue;
      throw new CompileError(
        `scale and bias must have the shape ${formatShape(normalized)}, found ${formatShape(vector)}`,
      );
    }
    return [x, x.slice(0, axis), x.slice(0, axis)];
  },
  gradient(node, [dy], tape) {
    const [x, scale, bias] = [at(node.inputs, 0), at(node.inputs, 1), node.inputs[2]];
    const inputs = [at([dy], 0), x, scale, at(node.outputs, 1), at(node.outputs, 2)];
    const like = tape.needs(bias) ? [x, scale, bias] : [x, scale];
    const wanted = tape.needs(scale) || tape.needs(bias) ? like : [x];
    return tape.emit('layer_norm_grad', inputs, wanted, node.attributes);
  },
  flops: ({ inputs }) => 8 * size(inputs[0]),
  reference({ x: [x, scale, bias], y: [y, mean, rstd], attributes }) {
    if (!x || !scale || !y) return;
    const { epsilon, center } = attributes;
    eachRow(x, scale.length, (row, n) => {
      const m = center ? average(row) : 0;
      const r = 1 / Math.sqrt(average(row.map((v) => (v - m) ** 2)) + epsilon);
      if (mean) set(mean, n, m);
      if (rstd) set(rstd, n, r);
      each(row, (v, i) => {
        set(y, n * row.length + i, (v - m) * r * item(scale, i) + (bias ? item(bias, i) : 0));
      });
    });
  },
};

/** dy, x, scale, mean, rstd → dx, (dscale), (dbias). */
export const layer_norm_grad: OpDefinition<LayerNormAttributes> = {
  flops: ({ inputs }) => 12 * size(inputs[0]),
  reference({ x: [dy, x, scale, mean, rstd], y: [dx, dscale, dbias], attributes }) {
    if (!dy || !x || !scale || !mean || !rstd || !dx) return;
    eachRow(x, scale.length, (row, n) => {
      const start = n * row.length;
      const r = item(rstd, n);
      const normal = row.map((v) => (v - item(mean, n)) * r);
      const g = row.map((_, i) => item(dy, start + i) * item(scale, i));
      const shift = attributes.center ? average(g) : 0;
      const along = average(g.map((v, i) => v * item(normal, i)));
      each(normal, (v, i) => {
        set(dx, start + i, r * (item(g, i) - shift - v * along));
        if (dscale) accumulate(dscale, i, item(dy, start + i) * v);
        if (dbias) accumulate(dbias, i, item(dy, start + i));
      });
    });
  },
};

const average = (a: Numbers): number => a.reduce((sum, v) => sum + v, 0) / a.length;

function eachRow(x: Numbers, length: number, visit: (row: Numbers, n: number) => void): void {
  for (let n = 0; n * length < x.length; n++) visit(x.subarray(n * length, (n + 1) * length), n);
}
