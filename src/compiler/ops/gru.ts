import type { OpDefinition } from './op-definition.js';
import {
  biasGradients,
  biasOf,
  type Cell,
  dot,
  dotGradients,
  type RecurrentAttributes,
  type RecurrentGradAttributes,
  recurrence,
  recurrenceGradient,
  sigmoid,
  take,
} from './recurrence.js';
import { accumulate, each, item, type Numbers, set } from './reference-context.js';

export interface GruAttributes extends RecurrentAttributes {
  /** Whether r scales the product with h (as cuDNN and PyTorch do) or h itself (the original paper). */
  linear_before_reset: boolean;
}

/**
 * Gated recurrent unit, gates in the order z, r, n (ONNX's zrh), b being both biases where one is meant:
 *
 *     z = σ(a_z + r_z·h + b_z)    r = σ(a_r + r_r·h + b_r)    h′ = (1 − z)⊙n + z⊙h
 *     n = tanh(a_n + b_wn + r⊙q), q = r_n·h + b_rn            with `linear_before_reset`
 *     n = tanh(a_n + b_n + r_n·(r⊙h))                         without
 *
 * Saved: z, r, n and, with `linear_before_reset`, q.
 */
const cell: Cell<GruAttributes> = {
  gates: () => 3,
  saved: ({ linear_before_reset }) => (linear_before_reset ? 4 : 3),
  memory: false,
  flops: 25,
  forward({ units, attributes, weights: { r: matrix, b }, before: { h }, after, a, saved }) {
    const gate = (k: number, j: number) => {
      const row = k * units + j;
      return sigmoid(item(a, row) + biasOf(b, row, 3 * units) + dot(matrix, row, h));
    };
    for (let j = 0; j < units; j++) {
      set(saved, j, gate(0, j));
      set(saved, units + j, gate(1, j));
    }
    const scaled = reset(saved, h);
    for (let j = 0; j < units; j++) {
      const row = 2 * units + j;
      const [z, r] = [item(saved, j), item(saved, units + j)];
      const recurrentBias = item(b, 3 * units + row);
      let sum = item(a, row) + item(b, row);
      if (attributes.linear_before_reset) {
        const q = dot(matrix, row, h) + recurrentBias;
        set(saved, 3 * units + j, q);
        sum += r * q;
      } else {
        sum += dot(matrix, row, scaled) + recurrentBias;
      }
      const n = Math.tanh(sum);
      set(saved, row, n);
      set(after.h, j, (1 - z) * n + z * item(h, j));
    }
  },
  backward({ units, attributes, weights: { r: matrix }, before: { h }, saved, da, gradients, dh }) {
    const dAfter = take(dh);
    const scaled = reset(saved, h);
    const dScaled = new Float64Array(units);
    const dReset = new Float64Array(units);
    each(dAfter, (d, j) => {
      const [z, r, n] = [0, 1, 2].map((k) => item(saved, k * units + j)) as [
        number,
        number,
        number,
      ];
      accumulate(dh, j, d * z);
      set(da, j, d * (item(h, j) - n) * z * (1 - z));
      const row = 2 * units + j;
      const dSum = d * (1 - z) * (1 - n * n);
      set(da, row, dSum);
      accumulate(gradients.b, row, dSum);
      const before = attributes.linear_before_reset;
      const dProduct = before ? dSum * r : dSum;
      accumulate(gradients.b, 3 * units + row, dProduct);
      if (before) {
        set(dReset, j, dSum * item(saved, 3 * units + j));
        dotGradients(dProduct, row, matrix, gradients.r, h, dh);
      } else {
        dotGradients(dProduct, row, matrix, gradients.r, scaled, dScaled);
      }
    });
    for (let j = 0; j < units; j++) {
      const r = item(saved, units + j);
      accumulate(dh, j, item(dScaled, j) * r);
      const d = (item(dReset, j) + item(dScaled, j) * item(h, j)) * r * (1 - r);
      set(da, units + j, d);
    }
    for (let row = 0; row < 2 * units; row++) {
      const d = item(da, row);
      biasGradients(d, row, gradients.b);
      dotGradients(d, row, matrix, gradients.r, h, dh);
    }
  },
};

/** r⊙h. */
const reset = (saved: Numbers, h: Numbers): Numbers =>
  h.map((v, j) => v * item(saved, h.length + j));

export const gru: OpDefinition<GruAttributes> = recurrence(cell, 'gru_grad');
export const gru_grad: OpDefinition<RecurrentGradAttributes<GruAttributes>> =
  recurrenceGradient(cell);
