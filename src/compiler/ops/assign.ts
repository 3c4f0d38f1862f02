import type { OpDefinition } from './op-definition.js';

/** Gives a state its next value: x → the state, once everything that reads it has run. */
export const assign: OpDefinition = {
  flops: () => 0,
  reference: ({ x: [x], y: [y] }) => {
    if (x) y?.set(x);
  },
};
