import type { Graph, Node } from './graph.js';
import type { OpKind } from './ops/index.js';

const CONVOLUTIONS: ReadonlySet<OpKind> = new Set([
  'conv2d',
  'conv2d_grad_input',
  'conv2d_grad_weight',
]);

/**
 * Says whether convolutions must be computed directly. Fast algorithms round an output by its place in the image, so
 * equal patches give outputs that differ in their last bits, and a max-pool behind them may choose another of equal
 * values. That leaves the gradients of all weights what they are: those values come from equal pixels, which multiply
 * the gradient wherever it is routed.
 */
export function chooseAlgorithms(graph: Graph, exact: boolean): Graph {
  const nodes = graph.nodes.map(
    (node): Node =>
      CONVOLUTIONS.has(node.kind)
        ? ({ ...node, attributes: { ...node.attributes, exact } } as Node)
        : node,
  );
  return { ...graph, nodes };
}
