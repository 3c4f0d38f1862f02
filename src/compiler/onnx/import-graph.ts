import { CompileError, type CompileProblem } from '../compile-error.js';
import { BATCH, checkShape } from '../dimension.js';
import type { Graph, Value } from '../graph.js';
import type { DataType } from '../program.js';
import { folders } from './fold/index.js';
import { advice, importers } from './importers/index.js';
import { knownTensor } from './known.js';
import { type GraphBuilder, type Imported, isKnown, NodeReader } from './node-reader.js';
import type { OnnxInput, OnnxModel, OnnxNode, OnnxTensor } from './onnx-model.js';

/** An imported model; `graph` is undefined when there are problems. */
export interface ImportResult {
  graph: Graph | undefined;
  /** The data inputs, in the order of the file. */
  inputs: readonly Value[];
  /** All the file has, whether or not the output depends on them. */
  parameters: Value[];
  problems: CompileProblem[];
}

/**
 * Turns an ONNX model into a graph of its logits, with a symbolic batch. Only what the output depends on is
 * looked at. Problems of nodes are collected, so that all can be shown.
 * @throws {CompileError} when the graph as a whole makes no sense: cycles, missing names, no clear input or output.
 */
export function importGraph(model: OnnxModel): ImportResult {
  try {
    return new Importing(model).run();
  } catch (error) {
    throw error instanceof CompileError ? error.at(model.file) : error;
  }
}

class Importing {
  readonly #model: OnnxModel;
  readonly #graph: GraphBuilder = { nodes: [], states: new Map(), constants: new Map() };
  readonly #problems: CompileProblem[] = [];
  /** By ONNX name; `undefined` where the node that makes it could not be imported. */
  readonly #values = new Map<string, Imported | undefined>();

  constructor(model: OnnxModel) {
    this.#model = model;
  }

  run(): ImportResult {
    const [outputName, ...others] = this.#model.outputs;
    if (outputName === undefined || others.length > 0) {
      throw new CompileError(
        `the model has ${this.#model.outputs.length} outputs; one, the logits, is expected`,
      );
    }
    const { inputs: declared, parameters: stored } = this.#declare();
    const order = inOrder(this.#model, outputName);
    const read = new Set(order.flatMap((node) => node.inputs));
    const inputs = declared.filter(({ name }) => read.has(name));
    if (inputs.length === 0) {
      throw new CompileError(`the output "${outputName}" depends on no data input`);
    }
    for (const node of order) this.#import(node);
    const { nodes, states } = this.#graph;
    const parameters = stored.filter((value) => !states.has(value));

    const problems = this.#problems;
    if (problems.length > 0) return { graph: undefined, inputs, parameters, problems };
    const logits = this.#values.get(outputName);
    if (logits === undefined || isKnown(logits)) {
      throw new CompileError(
        `the output "${outputName}" is not a float tensor that a supported operator makes`,
      );
    }
    const graph: Graph = {
      name: this.#model.name,
      inputs,
      parameters,
      states: [...states.values()],
      nodes,
      outputs: [logits],
    };
    return { graph, inputs, parameters, problems };
  }

  #declare(): { inputs: Value[]; parameters: Value[] } {
    const { initializers } = this.#model;
    const free = this.#model.inputs.filter(({ name }) => !initializers.has(name));
    const dataInputs = findDataInputs(free);
    const inputs = dataInputs.map(dataInput);
    const parameters = free.filter((other) => !dataInputs.includes(other)).map(parameterInput);
    for (const input of inputs) this.#values.set(input.name, input);
    for (const tensor of initializers.values()) {
      if (tensor.kind !== 'float') continue;
      const value = storedValue(tensor);
      if (value.role === 'parameter') parameters.push(value);
      else this.#values.set(value.name, value);
    }
    for (const parameter of parameters) this.#values.set(parameter.name, parameter);
    return { inputs, parameters };
  }

  #import(node: OnnxNode): void {
    const importer = own(importers, node.opType);
    const folder = own(folders, node.opType);
    try {
      if (importer === undefined && folder === undefined) throw unsupported(node);
      const inputs = node.inputs.map((name) => this.#lookup(name));
      if (inputs.includes(UNKNOWN)) {
        for (const name of node.outputs) this.#values.set(name, undefined);
        return;
      }
      const reader = new NodeReader(
        node,
        inputs as (Imported | undefined)[],
        this.#graph,
        this.#model.opset,
      );
      const folded = reader.allKnown ? folder?.(reader) : undefined;
      const result = folded ?? importer?.(reader);
      if (result === undefined) throw unsupportedOnData(node);
      const [unread] = reader.unreadAttributes;
      if (unread !== undefined) throw new CompileError(`the attribute ${unread} is not supported`);
      const results = (Array.isArray(result) ? result : [result]) as (Imported | undefined)[];
      node.outputs.forEach((name, k) => {
        const made = results[k];
        if (name !== '' && made !== undefined) this.#values.set(name, made);
      });
    } catch (error) {
      this.#problems.push(...asCompileError(error).at(undefined, node.label).problems);
      for (const name of node.outputs) this.#values.set(name, undefined);
    }
  }

  #lookup(name: string): Imported | undefined | typeof UNKNOWN {
    if (name === '') return undefined;
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    const stored = this.#model.initializers.get(name);
    if (stored === undefined) {
      if (this.#values.has(name)) return UNKNOWN;
      throw new CompileError(`it reads "${name}", an output that is not supported`);
    }
    const known = knownTensor(stored);
    this.#values.set(name, known);
    return known;
  }
}

const UNKNOWN = Symbol('made by a node that could not be imported');

/** Importers take shapes as they should be; a list that is too short comes from a node that is malformed. */
function asCompileError(error: unknown): CompileError {
  if (error instanceof CompileError) return error;
  if (!(error instanceof RangeError)) throw error;
  return new CompileError(`its inputs and attributes do not fit together (${error.message})`);
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Every ONNX operator that can be imported, in some form. */
export const supportedOperators: readonly string[] = [
  ...new Set([...Object.keys(importers), ...Object.keys(folders)]),
].sort();

function unsupported(node: OnnxNode): CompileError {
  const hint = own(advice, node.opType);
  const what = `operator ${node.opType} is not supported`;
  return new CompileError(
    hint ? `${what}; ${hint}` : `${what} (supported: ${supportedOperators.join(', ')})`,
  );
}

function unsupportedOnData(node: OnnxNode): CompileError {
  return new CompileError(
    `operator ${node.opType} is supported on what is known when compiling, such as shapes and masks, not on data`,
  );
}

/** The nodes `output` depends on, each after those it reads. @throws {CompileError} on cycles and missing names. */
function inOrder(model: OnnxModel, output: string): OnnxNode[] {
  const makers = new Map<string, OnnxNode>();
  const given = new Set([...model.initializers.keys(), ...model.inputs.map((i) => i.name)]);
  for (const node of model.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (makers.has(name) || given.has(name)) {
        throw new CompileError(`two tensors are called "${name}"`).at(undefined, node.label);
      }
      makers.set(name, node);
    }
  }
  const order: OnnxNode[] = [];
  const state = new Map<OnnxNode, 'open' | 'done'>();
  const visit = (name: string, reader?: OnnxNode) => {
    const maker = makers.get(name);
    if (maker !== undefined || given.has(name) || name === '') return maker;
    throw new CompileError(`"${name}" is read, but nothing makes it`).at(undefined, reader?.label);
  };
  const first = visit(output);
  const stack = first === undefined ? [] : [{ node: first, next: 0 }];
  if (first !== undefined) state.set(first, 'open');
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const name = top.node.inputs[top.next++];
    if (name === undefined) {
      state.set(top.node, 'done');
      order.push(top.node);
      stack.pop();
      continue;
    }
    const maker = visit(name, top.node);
    if (maker === undefined || state.get(maker) === 'done') continue;
    if (state.get(maker) === 'open') {
      throw new CompileError('the graph has a cycle through this node').at(undefined, maker.label);
    }
    state.set(maker, 'open');
    stack.push({ node: maker, next: 0 });
  }
  return order;
}

const isSymbolic = (dim: number | string | undefined) => typeof dim !== 'number';

/** The inputs with a symbolic axis; of inputs that all have fixed shapes, the only one. */
function findDataInputs(free: OnnxInput[]): OnnxInput[] {
  const symbolic = free.filter(({ dims }) => dims?.some(isSymbolic));
  if (symbolic.length > 0) return symbolic;
  if (free.length === 1) return free;
  if (free.length === 0) throw new CompileError('the model has no input for the data');
  const names = free.slice(0, 8).map(({ name }) => `"${name}"`);
  throw new CompileError(
    `none of the inputs ${names.join(', ')} has a symbolic batch axis; export with dynamic_shapes`,
  );
}

function dataInput({ name, dataType, dims }: OnnxInput): Value {
  const dtype = INPUT_TYPES[dataType];
  if (dtype === undefined) {
    throw new CompileError(
      `the input "${name}" has type ${dataType}; ${Object.keys(INPUT_TYPES).join(', ')} are supported`,
    );
  }
  const [first, ...rest] = dims ?? [];
  if (dims === undefined || dims.length === 0 || rest.some(isSymbolic)) {
    throw new CompileError(
      `the input "${name}" has shape [${dims?.map((d) => d ?? '?') ?? 'unknown'}]; ` +
        'the first axis must be the batch and the others fixed',
    );
  }
  const shape = [typeof first === 'number' ? first : BATCH, ...(rest as number[])];
  checkShape(shape, `the input "${name}"`);
  return { name, dtype, shape, role: 'input' };
}

/** What the data may be: numbers, or ids such as tokens. */
const INPUT_TYPES: Readonly<Record<string, DataType>> = {
  FLOAT: 'f32',
  INT32: 'i32',
  INT64: 'i32',
};

function parameterInput({ name, dataType, dims }: OnnxInput): Value {
  if (dataType !== 'FLOAT' || dims === undefined) {
    throw new CompileError(`the parameter "${name}" has type ${dataType}; FLOAT is supported`);
  }
  const shape = dims as number[];
  checkShape(shape, `the parameter "${name}"`);
  return { name, dtype: 'f32', shape, role: 'parameter' };
}

/** A stored float tensor is a parameter, unless it is a scalar: those are constants of the model. */
function storedValue(tensor: OnnxTensor): Value {
  const { name, dims } = tensor;
  checkShape(dims, `the initializer "${name}"`);
  const role = dims.length === 0 ? 'constant' : 'parameter';
  return { name, dtype: 'f32', shape: dims, role, read: () => tensor.floats() };
}
