import type { Split } from './types.js';

/** Examples of a split, by its first input. */
export function countExamples({ inputs: [first] }: Split): number {
  if (first === undefined) return 0;
  return first.values.length / first.shape.reduce((a, b) => a * b, 1);
}
