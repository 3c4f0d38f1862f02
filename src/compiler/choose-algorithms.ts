import { at, type Graph, type Node, readersOf, type Value } from './graph.js';
import type { OpKind } from './ops/index.js';

/**
 * Says which convolutions must be computed directly. Fast algorithms round an output by its place in the image:
 * equal patches give outputs that differ in their last bits. Behind that a max-pool over a flat background, full of
 * exact ties, would route its gradients elsewhere than behind a direct convolution. Gradients decide nothing.
 *
 * `exact` forbids the fast algorithms everywhere.
 */
export function chooseAlgorithms(graph: Graph, exact: boolean): Graph {
  const readers = readersOf(graph.nodes);
  const direct = ({ outputs }: Node) => decidesPool(at(outputs, 0), readers);
  const nodes = graph.nodes.map((node): Node => {
    switch (node.kind) {
      case 'conv2d':
        return { ...node, attributes: { ...node.attributes, exact: exact || direct(node) } };
      case 'conv2d_grad_input':
        return { ...node, attributes: { ...node.attributes, exact: exact || direct(node) } };
      case 'conv2d_grad_weight':
        return { ...node, attributes: { ...node.attributes, exact } };
      default:
        return node;
    }
  });
  return { ...graph, nodes };
}

/** Ops that give equal results for equal elements of a channel: ties before them are ties behind them. */
const KEEPS_TIES: ReadonlySet<OpKind> = new Set([
  'add',
  'batch_norm',
  'batch_norm_inference',
  'pointwise',
  'relu',
]);

/** Whether a max-pool compares these values, with at most ops before it that keep ties. */
function decidesPool(value: Value, readers: ReadonlyMap<Value, readonly Node[]>): boolean {
  return (readers.get(value) ?? []).some((node) => {
    if (node.kind === 'max_pool2d') return true;
    return KEEPS_TIES.has(node.kind) && decidesPool(at(node.outputs, 0), readers);
  });
}
