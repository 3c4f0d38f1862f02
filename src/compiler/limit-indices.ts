import { fixed } from './dimension.js';
import { at, type Graph, type Node, type Value } from './graph.js';

/** The graph with the range of each input that picks slices of a tensor, so that data outside of it are refused. */
export function limitIndices(graph: Graph): Graph {
  const limits = new Map<Value, number>();
  for (const node of graph.nodes) {
    if (node.kind !== 'gather') continue;
    const [x, indices] = [at(node.inputs, 0), at(node.inputs, 1)];
    if (indices.role !== 'input') continue;
    const length = fixed(x.shape[node.attributes.axis], 'the length that is picked from');
    limits.set(indices, Math.min(length, limits.get(indices) ?? indices.limit ?? length));
  }
  const limited = new Map<Value, Value>();
  for (const [value, limit] of limits) limited.set(value, { ...value, limit });
  const swap = (value: Value) => limited.get(value) ?? value;
  return {
    ...graph,
    inputs: graph.inputs.map(swap),
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(swap) }) as Node),
  };
}
