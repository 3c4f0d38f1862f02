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
  take,
} from './recurrence.js';
import { item, set } from './reference-context.js';

export interface RnnAttributes extends RecurrentAttributes {
  activation: 'tanh' | 'relu';
}

/** The simple recurrence h′ = φ(a + r·h + b), φ being tanh or ReLU. */
const cell: Cell<RnnAttributes> = {
  gates: () => 1,
  saved: () => 0,
  memory: false,
  flops: 10,
  forward({ units, attributes, weights: { r, b }, before, after, a }) {
    for (let j = 0; j < units; j++) {
      const sum = item(a, j) + biasOf(b, j, units) + dot(r, j, before.h);
      set(after.h, j, attributes.activation === 'tanh' ? Math.tanh(sum) : Math.max(0, sum));
    }
  },
  backward({ units, attributes, weights: { r }, before, after, da, gradients, dh }) {
    const dAfter = take(dh);
    for (let j = 0; j < units; j++) {
      const y = item(after.h, j);
      const slope = attributes.activation === 'tanh' ? 1 - y * y : Number(y > 0);
      const d = item(dAfter, j) * slope;
      set(da, j, d);
      biasGradients(d, j, gradients.b);
      dotGradients(d, j, r, gradients.r, before.h, dh);
    }
  },
};

export const rnn: OpDefinition<RnnAttributes> = recurrence(cell, 'rnn_grad');
export const rnn_grad: OpDefinition<RecurrentGradAttributes<RnnAttributes>> =
  recurrenceGradient(cell);
