import { type OpDefinition, perOutput } from './op-definition.js';
import { each, set } from './reference-context.js';

/**
 * y (i32) = places along an axis of `length` for x, whole numbers as floats of which negative ones count from the end.
 * Others are an error of the step.
 */
export const to_index: OpDefinition<{ length: number }> = {
  dtype: 'i32',
  shapes: ([x = []]) => [x],
  flops: perOutput,
  reference({ x: [x], y: [y], attributes: { length } }) {
    if (!x || !y) return;
    each(x, (value, i) => {
      const place = value < 0 ? value + length : value;
      if (!Number.isInteger(value) || place < 0 || place >= length) {
        throw new RangeError(`the index ${value} is outside of [-${length}, ${length})`);
      }
      set(y, i, place);
    });
  },
};
