import { codeOf } from '../../expression/code-expressions.js';
import { type Expression, input, less, mul, select, uniform } from '../../expression/expression.js';
import { at } from '../graph.js';
import { type OpDefinition, perOutput } from './op-definition.js';
import { pointwise } from './pointwise.js';

export interface DropoutAttributes {
  /** Share of elements that become zero, in [0, 1). */
  ratio: number;
  /** Of random numbers, its own. */
  stream: number;
}

/** x · mask / (1 − ratio), the mask drawn anew each step: by counter, so that the backward pass draws the same one. */
export const dropoutExpression = (
  x: Expression,
  { ratio, stream }: DropoutAttributes,
): Expression => mul(x, select(less(uniform(stream), ratio), 0, 1 / (1 - ratio)));

const codeFor = (attributes: DropoutAttributes) =>
  codeOf(['x'], [dropoutExpression(input('x', 'element'), attributes)]);

/** Srivastava et al. 2014. x → y, in an evaluation x itself. */
export const dropout: OpDefinition<DropoutAttributes> = {
  shapes: ([x = []]) => [x],
  gradient(node, [dy], tape) {
    const like = [at(node.inputs, 0)];
    return tape.emit('pointwise', [at([dy], 0)], like, { code: codeFor(node.attributes) });
  },
  isRandom: () => true,
  evaluation: ({ inputs }) => ({ kind: 'reshape', inputs, attributes: {} }),
  flops: perOutput,
  reference: (context) =>
    pointwise.reference({ ...context, attributes: { code: codeFor(context.attributes) } }),
};
