import { fixed } from './dimension.js';
import { at, type Graph, type Node, type Value } from './graph.js';
import { definitionOf } from './ops/index.js';

/**
 * The graph with the range of what picks slices of a tensor, from the inputs that it is moved from on, so that data
 * outside of it are refused.
 */
export function limitIndices(graph: Graph): Graph {
  const makers = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((y) => [y, node] as const)),
  );
  const limits = new Map<Value, number>();
  const restrict = (value: Value, length: number): void => {
    if (value.role === 'constant') return;
    limits.set(value, Math.min(length, limits.get(value) ?? value.limit ?? length));
    const maker = makers.get(value);
    if (maker === undefined || !definitionOf(maker.kind).keepsType) return;
    for (const moved of maker.inputs) restrict(moved, length);
  };
  for (const node of graph.nodes) {
    if (node.kind === 'scatter_elements') {
      restrict(at(node.inputs, 1), node.attributes.length);
    } else if (node.kind === 'gather' || node.kind === 'gather_elements') {
      const [x, indices] = [at(node.inputs, 0), at(node.inputs, 1)];
      restrict(indices, fixed(x.shape[node.attributes.axis], 'the length that is picked from'));
    }
  }
  const limited = new Map<Value, Value>();
  for (const [value, limit] of limits) limited.set(value, { ...value, limit });
  const swap = (value: Value) => limited.get(value) ?? value;
  return {
    ...graph,
    inputs: graph.inputs.map(swap),
    nodes: graph.nodes.map(
      (node) =>
        ({ ...node, inputs: node.inputs.map(swap), outputs: node.outputs.map(swap) }) as Node,
    ),
  };
}
