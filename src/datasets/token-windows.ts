import type { Part } from './dataset.js';

/**
 * A stream of ids cut into examples of `length`, one after the other; the labels are the ids that follow. What is left at
 * the end is dropped. Views, not copies; with `order: sequential` each row of a batch reads on where it stopped.
 */
export function tokenWindows(ids: Int32Array, length: number): Part {
  const count = Math.max(0, Math.floor((ids.length - 1) / length));
  const shape = [length];
  return {
    inputs: [{ values: ids.subarray(0, count * length), shape }],
    labels: { values: ids.subarray(1, count * length + 1), shape },
  };
}
