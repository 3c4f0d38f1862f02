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
import { accumulate, item, set } from './reference-context.js';

export interface LstmAttributes extends RecurrentAttributes {
  initial_c: boolean;
  peepholes: boolean;
  /** f = 1 − i. */
  input_forget: boolean;
}

/**
 * Long short-term memory, gates in the order i, o, f, g (ONNX's iofc), p in the order i, o, f:
 *
 *     i = σ(aᵢ + rᵢ·h + bᵢ + pᵢ⊙c)    f = σ(a_f + r_f·h + b_f + p_f⊙c)    g = tanh(a_g + r_g·h + b_g)
 *     c′ = f⊙c + i⊙g    o = σ(aₒ + rₒ·h + bₒ + pₒ⊙c′)    h′ = o⊙tanh(c′)
 *
 * Saved: i, o, f, g, c′.
 */
const cell: Cell<LstmAttributes> = {
  gates: () => 4,
  saved: () => 5,
  memory: true,
  flops: 30,
  forward({ units, attributes, weights: { r, b, p }, before, after, a, saved }) {
    for (let j = 0; j < units; j++) {
      const sum = (gate: number) => {
        const row = gate * units + j;
        return item(a, row) + biasOf(b, row, 4 * units) + dot(r, row, before.h);
      };
      const peephole = (gate: number, c: number) => item(p, gate * units + j) * c;
      const c = item(before.c, j);
      const i = sigmoid(sum(0) + peephole(0, c));
      const f = attributes.input_forget ? 1 - i : sigmoid(sum(2) + peephole(2, c));
      const g = Math.tanh(sum(3));
      const next = f * c + i * g;
      const o = sigmoid(sum(1) + peephole(1, next));
      set(after.c, j, next);
      set(after.h, j, o * Math.tanh(next));
      [i, o, f, g, next].forEach((v, k) => {
        set(saved, k * units + j, v);
      });
    }
  },
  backward({ units, attributes, weights: { r, p }, before, saved, da, gradients, dh, dc }) {
    const dAfter = take(dh);
    for (let j = 0; j < units; j++) {
      const [i, o, f, g, next] = [0, 1, 2, 3, 4].map((k) => item(saved, k * units + j)) as Five;
      const c = item(before.c, j);
      const tanh = Math.tanh(next);
      const dOut = item(dAfter, j) * tanh * o * (1 - o);
      const dNext =
        item(dc, j) + item(dAfter, j) * o * (1 - tanh * tanh) + dOut * item(p, units + j);
      const dIn = dNext * (attributes.input_forget ? g - c : g) * i * (1 - i);
      const dForget = attributes.input_forget ? 0 : dNext * c * f * (1 - f);
      const dCandidate = dNext * i * (1 - g * g);
      [dIn, dOut, dForget, dCandidate].forEach((d, gate) => {
        const row = gate * units + j;
        set(da, row, d);
        biasGradients(d, row, gradients.b);
        dotGradients(d, row, r, gradients.r, before.h, dh);
      });
      accumulate(gradients.p, j, dIn * c);
      accumulate(gradients.p, units + j, dOut * next);
      accumulate(gradients.p, 2 * units + j, dForget * c);
      set(dc, j, dNext * f + dIn * item(p, j) + dForget * item(p, 2 * units + j));
    }
  },
};

type Five = [number, number, number, number, number];

export const lstm: OpDefinition<LstmAttributes> = recurrence(cell, 'lstm_grad');
export const lstm_grad: OpDefinition<RecurrentGradAttributes<LstmAttributes>> =
  recurrenceGradient(cell);
