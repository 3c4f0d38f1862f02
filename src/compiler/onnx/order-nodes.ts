import { CompileError } from '../compile-error.js';
import type { OnnxGraph, OnnxNode } from './onnx-model.js';

/**
 * The nodes that `outputs` depend on, each after those it reads. Names in `outer` are made elsewhere.
 * @throws {CompileError} on cycles, names that nothing makes and names that are made twice.
 */
export function orderNodes(
  graph: OnnxGraph,
  outputs: readonly string[],
  outer: (name: string) => boolean = () => false,
): OnnxNode[] {
  const makers = makersOf(graph);
  const given = new Set([...graph.initializers.keys(), ...graph.inputs.map(({ name }) => name)]);
  const makerOf = (name: string, reader?: OnnxNode) => {
    const maker = makers.get(name);
    if (maker !== undefined || given.has(name) || name === '' || outer(name)) return maker;
    throw new CompileError(`"${name}" is read, but nothing makes it`).at(undefined, reader?.label);
  };
  const order: OnnxNode[] = [];
  const state = new Map<OnnxNode, 'open' | 'done'>();
  const stack: { node: OnnxNode; reads: readonly string[]; next: number }[] = [];
  const open = (node: OnnxNode) => {
    state.set(node, 'open');
    stack.push({ node, reads: readsOf(node), next: 0 });
  };
  for (const output of outputs) {
    const last = makerOf(output);
    if (last !== undefined && !state.has(last)) open(last);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const name = top.reads[top.next++];
      if (name === undefined) {
        state.set(top.node, 'done');
        order.push(top.node);
        stack.pop();
        continue;
      }
      const maker = makerOf(name, top.node);
      if (maker === undefined || state.get(maker) === 'done') continue;
      if (state.get(maker) === 'open') {
        throw new CompileError('the graph has a cycle through this node').at(
          undefined,
          maker.label,
        );
      }
      open(maker);
    }
  }
  return order;
}

function makersOf(graph: OnnxGraph): Map<string, OnnxNode> {
  const makers = new Map<string, OnnxNode>();
  const given = new Set([...graph.initializers.keys(), ...graph.inputs.map((i) => i.name)]);
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (makers.has(name) || given.has(name)) {
        throw new CompileError(`two tensors are called "${name}"`).at(undefined, node.label);
      }
      makers.set(name, node);
    }
  }
  return makers;
}

/** The names a node reads: its inputs, and what its branches read of the graph around them. */
export function readsOf(node: OnnxNode): string[] {
  const reads = [...node.inputs];
  for (const attribute of node.attributes.values()) {
    if (attribute.kind === 'graph') reads.push(...outerReads(attribute.value));
  }
  return reads;
}

function outerReads({ inputs, initializers, nodes, outputs }: OnnxGraph): string[] {
  const own = new Set([
    ...inputs.map(({ name }) => name),
    ...initializers.keys(),
    ...nodes.flatMap((node) => node.outputs),
  ]);
  return [...nodes.flatMap(readsOf), ...outputs].filter((name) => name !== '' && !own.has(name));
}
