import { at } from '../graph.js';
import { type OpDefinition, perOutput } from './op-definition.js';

/** y = x, whole numbers (i32) as floats; those beyond ±2^24 are rounded. */
export const to_float: OpDefinition = {
  shapes: ([x = []]) => [x],
  wholeInputs: [0],
  flops: perOutput,
  reference: ({ x, y }) => y[0]?.set(at(x, 0)),
};
