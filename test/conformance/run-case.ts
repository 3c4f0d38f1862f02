import { CompileError } from '../../src/compiler/compile-error.js';
import { differentiate } from '../../src/compiler/differentiate.js';
import { concrete } from '../../src/compiler/dimension.js';
import { type Graph, type Node, temporary, type Value } from '../../src/compiler/graph.js';
import type { Start } from '../../src/compiler/initialization.js';
import { interpret } from '../../src/compiler/interpret.js';
import { withLoss } from '../../src/compiler/losses.js';
import { lower } from '../../src/compiler/lower.js';
import { importPlainGraph, type PlainGraph } from '../../src/compiler/onnx/import-graph.js';
import { Known, knownOf, knownTensor } from '../../src/compiler/onnx/known.js';
import { isValue, Sequence } from '../../src/compiler/onnx/node-reader.js';
import type { OnnxModel, OnnxTensor } from '../../src/compiler/onnx/onnx-model.js';
import { size } from '../../src/compiler/ops/op-definition.js';
import type { Program } from '../../src/compiler/program.js';
import { evaluated, prune, simplify } from '../../src/compiler/simplify.js';
import type { ConformanceCase } from './cases.js';

export interface ImportedCase {
  graph: PlainGraph;
  /** Values of the inputs that are data. */
  values: Readonly<Record<string, ArrayLike<number>>>;
}

export interface Result {
  shape: readonly number[];
  values: ArrayLike<number>;
}

type Choice = (tensor: OnnxTensor, k: number) => boolean;

/**
 * Which inputs are data, in order of preference: floats, while integers and truth values steer an operator (shapes,
 * axes); then fewer, as some operators take floats that steer them (limits of Clip, statistics of BatchNormalization).
 */
const CHOICES: readonly Choice[] = [
  ({ kind }) => kind === 'float',
  ({ kind, dims }) => kind === 'float' && size(dims) > 1,
  ({ kind }, k) => kind === 'float' && k === 0,
];

/** Imports a test with as many of its inputs as data as the operator takes. @throws {CompileError} */
export function importAsData(test: ConformanceCase): ImportedCase {
  const errors: CompileError[] = [];
  for (const isData of CHOICES) {
    try {
      return importCase(test, isData);
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      errors.push(error);
    }
  }
  throw errors.at(-1);
}

/** Imports a test with all its inputs known when compiling. @throws {CompileError} */
export const importAsKnown = (test: ConformanceCase): ImportedCase => importCase(test, () => false);

function importCase(test: ConformanceCase, isData: Choice): ImportedCase {
  const tensors = test.inputs();
  const known = tensors.filter((tensor, k) => !isData(tensor, k));
  const model = test.model();
  const graph = importPlainGraph(
    model,
    new Map(known.map((tensor) => [tensor.name, knownTensor(tensor)])),
  );
  return {
    graph: isTraining(model) ? graph : { ...graph, nodes: evaluated(whole(graph)).nodes },
    values: Object.fromEntries(tensors.filter(isData).map((t) => [t.name, t.values()])),
  };
}

/** Operators that know a training mode say so by an attribute; otherwise what is tested is an evaluation. */
const isTraining = ({ nodes }: OnnxModel): boolean =>
  nodes.some(({ attributes }) => {
    const mode = attributes.get('training_mode');
    return mode?.kind === 'int' && mode.value !== 0;
  });

const whole = (graph: PlainGraph, outputs: readonly Value[] = []): Graph => ({
  ...graph,
  name: 'test',
  parameters: [],
  outputs,
});

/** What a test computes, by the references of the ops in float64; in the order of its outputs. */
export function compute({ graph, values }: ImportedCase): (Result | undefined)[] {
  const program = lower(whole(graph, graph.outputs.filter(isValue)), {
    mode: 'evaluate',
    batchSize: 1,
    starts: startsOf(graph),
  });
  const results = interpret(program, values);
  return graph.outputs.map((output) => {
    if (output === undefined || output instanceof Sequence) return undefined;
    const known = output instanceof Known ? output : knownOf(output);
    if (known) return { shape: concrete(known.shape, 1), values: known.numbers() };
    const { name, shape } = output as Value;
    return { shape: concrete(shape, 1), values: results.get(name) ?? [] };
  });
}

const startsOf = ({ states }: PlainGraph) =>
  new Map(
    states.map(({ value, initializer }) => [
      value,
      { initializer, data: Float32Array.from(value.read?.() ?? []) },
    ]),
  );

/**
 * A test for the engine: its data are parameters, and one of its outputs, made one row, the logits of a loss. To the row
 * the parameter `shift` is added, which is zero, so that there is one to train even where no gradient flows.
 */
export interface EngineCase {
  train: Program;
  evaluate: Program;
}

/** `undefined` where the k-th output does not depend on data. */
export function engineCase(test: ImportedCase, k: number): EngineCase | undefined {
  const output = test.graph.outputs[k];
  if (!isValue(output) || output.role !== 'temporary' || output.dtype !== 'f32') return undefined;
  const model = withRow(test, output, () => 'parameter');
  const graph = differentiate(model);
  const reached = new Set(graph.outputs.map(({ parameter }) => parameter?.name));
  const trained = withRow(test, output, (name) => (reached.has(name) ? 'parameter' : 'constant'));
  const starts = new Map<Value, Start>([
    ...startsOf(test.graph),
    ...trained.parameters.map((p): [Value, Start] => [p, { initializer: { kind: 'zeros' } }]),
  ]);
  const simple = simplify(trained);
  return {
    train: lower(prune(differentiate(simple)), { mode: 'train', batchSize: 1, starts }),
    evaluate: lower(prune(simple), { mode: 'evaluate', batchSize: 1, starts }),
  };
}

function withRow(
  { graph, values }: ImportedCase,
  output: Value,
  roleOf: (name: string) => 'parameter' | 'constant',
): Graph {
  const given = new Map(
    graph.inputs.map((input): [Value, Value] => {
      const read = () => Float32Array.from(values[input.name] ?? []);
      return [input, { ...input, role: roleOf(input.name), read }];
    }),
  );
  const nodes = graph.nodes.map(
    (node) => ({ ...node, inputs: node.inputs.map((x) => given.get(x) ?? x) }) as Node,
  );
  const shape = [1, size(concrete(output.shape, 1))];
  const [row, logits] = [temporary('row', shape), temporary('logits', shape)];
  const shift: Value = { ...temporary('shift', shape), role: 'parameter' };
  const batch: Value = { name: 'batch', dtype: 'f32', shape: [1, 1], role: 'input' };
  const head: Node[] = [
    { kind: 'reshape', name: 'row', inputs: [output], outputs: [row], attributes: {} },
    {
      kind: 'add',
      name: 'shifted',
      inputs: [row, shift],
      outputs: [logits],
      attributes: { relu: false },
    },
  ];
  return withLoss(
    {
      name: 'test',
      inputs: [batch],
      parameters: [...[...given.values()].filter(({ role }) => role === 'parameter'), shift],
      states: graph.states,
      nodes: [...nodes, ...head],
      outputs: [logits],
    },
    1,
    { kind: 'softmax_cross_entropy' },
  );
}
