import { at } from '../graph.js';
import type { Program } from '../program.js';
import { definitionOf } from './index.js';

/** Floating-point operations of one run of a program, a multiply-add counted as two. */
export function countFlops({ tensors, ops }: Program): number {
  const shape = (id: number) => at(tensors, id).shape;
  return ops.reduce((sum, { kind, inputs, outputs, attributes }) => {
    const shapes = { inputs: inputs.map(shape), outputs: outputs.map(shape) };
    return sum + definitionOf(kind).flops(shapes, attributes);
  }, 0);
}
