import { CompileError } from './compile-error.js';
import type { Graph, Node } from './graph.js';

/**
 * Every dropout of a model with another ratio, in [0, 1); its random numbers stay the same.
 * @throws {CompileError} where there is none
 */
export function setDropout(graph: Graph, ratio: number): Graph {
  if (!graph.nodes.some(({ kind }) => kind === 'dropout')) {
    throw new CompileError(
      `the model has no Dropout whose ratio could be set to ${ratio}: leave "dropout" out, or export the model ` +
        'in training mode and with a ratio above 0',
    );
  }
  const nodes = graph.nodes.map((node): Node => {
    if (node.kind !== 'dropout') return node;
    if (ratio === 0) return { ...node, kind: 'reshape', attributes: {} };
    return { ...node, attributes: { ...node.attributes, ratio } };
  });
  return { ...graph, nodes };
}
