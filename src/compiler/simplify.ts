import { codeOf, expressionsOf } from '../expression/code-expressions.js';
import { input } from '../expression/expression.js';
import { sameShape } from './dimension.js';
import { at, countReaders, type Graph, type Node, type NodeOf, type Value } from './graph.js';
import { definitionOf } from './ops/index.js';
import { simplifyMovement } from './simplify-movement.js';

/**
 * What a node becomes given the node that makes its first input; `undefined` to leave both as they are.
 * The result makes the node's outputs; the producer goes away when nothing else reads it.
 */
type Fusion = (node: Node, producer: Node, context: Context) => Node[] | undefined;

interface Context {
  /** Whether the producer's output is read by this node alone. */
  only: boolean;
}

/** A parameter added to each output channel of a convolution or dense layer is its bias. */
const bias: Fusion = (node, producer, { only }) => {
  if (node.kind !== 'add' || !only || node.attributes.relu) return undefined;
  if (producer.kind !== 'conv2d' && producer.kind !== 'dense') return undefined;
  if (producer.inputs.length > 2 || producer.attributes.relu) return undefined;
  const [y, b] = [at(producer.outputs, 0), at(node.inputs, 1)];
  if (b.role !== 'parameter' || !sameShape(at(node.outputs, 0).shape, y.shape)) return undefined;

  const channel = at(y.shape, 1);
  const expected = producer.kind === 'conv2d' ? [channel, 1, 1] : [channel];
  const aligned = [...Array(Math.max(0, y.shape.length - b.shape.length)).fill(1), ...b.shape];
  if (!sameShape(aligned.slice(-expected.length), expected) || at(aligned, 0) !== 1)
    return undefined;

  const fuse = (vector: Value): Node =>
    ({ ...producer, inputs: [...producer.inputs, vector], outputs: node.outputs }) as Node;
  if (b.shape.length === 1) return [fuse(b)];
  const vector: Value = {
    name: `${b.name}.flat`,
    dtype: 'f32',
    shape: [channel],
    role: 'temporary',
  };
  const { name } = node;
  return [{ kind: 'reshape', name, inputs: [b], outputs: [vector], attributes: {} }, fuse(vector)];
};

/** A tensor added to what a batch normalisation makes is its residual. */
const residual: Fusion = (node, producer, { only }) => {
  if (node.kind !== 'add' || !only || producer.kind !== 'batch_norm') return undefined;
  const [y, other] = [at(producer.outputs, 0), at(node.inputs, 1)];
  if (node.attributes.relu || producer.attributes.relu || producer.inputs.length > 5)
    return undefined;
  if (!sameShape(y.shape, other.shape)) return undefined;
  return [
    {
      ...producer,
      inputs: [...producer.inputs, other],
      outputs: [...node.outputs, ...producer.outputs.slice(1)],
    },
  ];
};

/**
 * max_pool(relu(x)) = relu(max_pool(x)): the pool cuts off at zero, on a quarter of the elements, and the
 * tensor before it is written and read once.
 */
const reluBeforePool: Fusion = (node, producer, { only }) =>
  node.kind === 'max_pool2d' && producer.kind === 'relu' && only
    ? [{ ...node, inputs: producer.inputs, attributes: { ...node.attributes, relu: true } }]
    : undefined;

const reluAfter: Fusion = (node, producer, { only }) => {
  if (node.kind !== 'relu' || !only) return undefined;
  switch (producer.kind) {
    case 'batch_norm':
    case 'conv2d':
    case 'dense':
    case 'add':
    case 'max_pool2d': {
      const outputs = [...node.outputs, ...producer.outputs.slice(1)];
      return [{ ...producer, outputs, attributes: { ...producer.attributes, relu: true } } as Node];
    }
    default:
      return undefined;
  }
};

/** Each list is one sweep: a ReLU belongs to the pool after it rather than to the layer before it. */
const SWEEPS: readonly (readonly Fusion[])[] = [[bias, residual, reluBeforePool], [reluAfter]];

/** Fuses what the engine can do in one op, and drops what nothing depends on. The values stay the same. */
export function simplify(graph: Graph): Graph {
  return SWEEPS.reduce(
    (current, fusions) => removeDead(sweep(current, fusions)),
    removeDead(simplifyMovement(graph)),
  );
}

function sweep(graph: Graph, fusions: readonly Fusion[]): Graph {
  const readers = countReaders(graph);
  const makers = new Map<Value, Node>();
  const nodes: Node[] = [];
  for (const original of graph.nodes) {
    const result = fuse(original, fusions, makers, readers);
    for (const node of result) {
      for (const output of node.outputs) makers.set(output, node);
      nodes.push(node);
    }
  }
  return { ...graph, nodes };
}

function fuse(
  original: Node,
  fusions: readonly Fusion[],
  makers: Map<Value, Node>,
  readers: Map<Value, number>,
): Node[] {
  for (const node of orders(original)) {
    const [first] = node.inputs;
    const producer = first && makers.get(first);
    if (first === undefined || producer === undefined) continue;
    const context = { only: readers.get(first) === 1 };
    for (const fusion of fusions) {
      const result = fusion(node, producer, context);
      if (result !== undefined) return result;
    }
  }
  return [original];
}

/** An addition may be read either way round. */
function orders(node: Node): Node[] {
  if (node.kind !== 'add') return [node];
  return [node, { ...node, inputs: node.inputs.toReversed() }];
}

/** Without nodes, parameters and states that no output of the graph depends on. */
function removeDead(graph: Graph): Graph {
  const live = new Set(graph.outputs);
  // A fused node makes the outputs of the one it replaces: the last maker counts.
  const makers = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node])),
  );
  const isLive = (node: Node) =>
    node.outputs.some((output) => live.has(output) && makers.get(output) === node);
  const mark = () => {
    for (const node of graph.nodes.toReversed()) {
      if (!isLive(node)) continue;
      for (const input of node.inputs) live.add(input);
    }
  };
  mark();
  // What makes a state anew lives with whatever reads the state, and may itself read others.
  for (;;) {
    const found = graph.states.filter(({ value, next }) => live.has(value) && !live.has(next));
    if (found.length === 0) break;
    for (const { next } of found) live.add(next);
    mark();
  }
  return {
    ...graph,
    nodes: graph.nodes.filter(isLive),
    parameters: graph.parameters.filter((parameter) => live.has(parameter)),
    states: graph.states.filter(({ value }) => live.has(value)),
  };
}

/** The graph as it computes in an evaluation: statistics are fixed, nothing is random. */
export function evaluated(graph: Graph): Graph {
  // Outputs that training alone has, such as the statistics after a step, and what is calculated from them.
  const gone = new Set<Value>();
  const lose = (values: readonly Value[]) => {
    for (const value of values) gone.add(value);
  };
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (node.inputs.some((input) => gone.has(input))) {
      lose(node.outputs);
      return [];
    }
    const replacement = definitionOf(node.kind).evaluation?.(node);
    if (replacement === undefined) return [node];
    lose(node.outputs.slice(1));
    return [{ ...replacement, name: node.name, outputs: node.outputs.slice(0, 1) } as Node];
  });
  return { ...graph, nodes };
}

/** The last step before a program: without dead nodes and without optional outputs that nothing reads. */
export function prune(graph: Graph): Graph {
  const alive = removeDead(graph);
  const read = new Set([
    ...alive.nodes.flatMap((node) => node.inputs),
    ...alive.states.map(({ next }) => next),
    ...alive.outputs,
  ]);
  const nodes = alive.nodes.map((node) => {
    if (node.kind === 'pointwise') return withOutputs(node, read);
    const last = node.outputs.findLastIndex((output) => read.has(output));
    const count = Math.max(definitionOf(node.kind).requiredOutputs ?? 1, last + 1);
    return { ...node, outputs: node.outputs.slice(0, count) } as Node;
  });
  return { ...alive, nodes };
}

/** Without outputs that nothing reads, and the operands of those. */
function withOutputs(node: NodeOf<'pointwise'>, read: ReadonlySet<Value>): Node {
  const { inputs, outputs } = node;
  const kept = outputs.filter((output) => read.has(output));
  if (kept.length === outputs.length) return node;
  const operands = inputs.map((_, k) => `x${k}`);
  const { outputs: all } = expressionsOf(
    node.attributes.code,
    operands.map((operand) => input(operand, 'element')),
  );
  const expressions = kept.map((output) => at(all, outputs.indexOf(output)));
  const built = codeOf(operands, expressions);
  const used = built.inputs.map((operand) => at(inputs, operands.indexOf(operand)));
  const code = { ...built, inputs: built.inputs.map((_, k) => `x${k}`) };
  return { ...node, inputs: used, outputs: kept, attributes: { code } };
}
