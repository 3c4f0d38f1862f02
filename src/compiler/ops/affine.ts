import { CompileError } from '../compile-error.js';
import { type Dimension, formatShape, type Shape, sameShape } from '../dimension.js';
import { at, type Value } from '../graph.js';
import type { NodeView, Tape } from './op-definition.js';

/** What convolutions and dense layers share: a bias, a fused ReLU, gradients of both weights at once. */
export function checkBias(b: Shape | undefined, outputs: Dimension): void {
  if (b === undefined || sameShape(b, [outputs])) return;
  throw new CompileError(
    `the bias has shape ${formatShape(b)}; expected ${formatShape([outputs])}`,
  );
}

/** The gradient before a fused ReLU. */
export function unmask(
  relu: boolean,
  node: NodeView<unknown>,
  dy: Value | undefined,
  tape: Tape,
): Value {
  const from = at([dy], 0);
  if (!relu) return from;
  const y = at(node.outputs, 0);
  return at(tape.emit('relu_grad', [from, y], [y], {}), 0);
}

/** What a weight-gradient op has to produce; `undefined` when nobody wants either. */
export function weightsWanted(w: Value, b: Value | undefined, tape: Tape): Value[] | undefined {
  if (tape.needs(b)) return [w, b];
  return tape.needs(w) ? [w] : undefined;
}
