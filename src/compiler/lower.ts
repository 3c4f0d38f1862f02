import { CompileError } from './compile-error.js';
import { checkShape, concrete } from './dimension.js';
import type { Graph, Node, Value } from './graph.js';
import type { Start } from './initialization.js';
import type { Attribute, Op, Program, Tensor } from './program.js';

export interface LowerOptions {
  mode: Program['mode'];
  batchSize: number;
  starts: ReadonlyMap<Value, Start>;
}

/**
 * Numbers the tensors and fixes the batch size. Parameters come first, in the order of the file; the states that the
 * graph makes anew are assigned last.
 */
export function lower(graph: Graph, { mode, batchSize, starts }: LowerOptions): Program {
  const ids = new Map<Value, number>();
  const tensors: Tensor[] = [];
  const names = new Names();
  // What callers ask for by name comes first, so that it keeps its name.
  const states = graph.states.map(({ value }) => value);
  for (const value of [...graph.parameters, ...states, ...graph.inputs, ...graph.outputs]) {
    names.of(value);
  }

  const evaluations = new Map(graph.states.map(({ value, evaluation }) => [value, evaluation]));

  const idOf = (value: Value): number => {
    const known = ids.get(value);
    if (known !== undefined) return known;
    const id = tensors.length;
    ids.set(value, id);
    tensors.push(tensorOf(value));
    return id;
  };
  const tensorOf = (value: Value): Tensor => {
    const { dtype } = value;
    // A carried input is fed by the program itself.
    const role = evaluations.has(value) ? 'state' : value.role;
    const shape = concrete(value.shape, batchSize);
    checkShape(shape, `the tensor "${value.name}"`);
    const tensor: Tensor = { name: names.of(value), dtype, shape, role };
    if (value.limit !== undefined) tensor.limit = value.limit;
    if (value.parameter) tensor.parameter = idOf(value.parameter);
    if (role === 'constant') tensor.data = value.read?.() ?? missing(value);
    if (role === 'parameter') Object.assign(tensor, start(value, starts), { decay: decays(value) });
    if (role === 'state') {
      const evaluation = evaluations.get(value);
      Object.assign(tensor, start(value, starts), evaluation && { evaluation });
    }
    return tensor;
  };

  for (const value of graph.parameters) idOf(value);
  for (const value of [...states, ...graph.inputs]) idOf(value);
  const ops = [...graph.nodes, ...assignments(graph)].map(
    ({ kind, name, inputs, outputs, attributes }): Op => ({
      kind,
      name,
      inputs: inputs.map(idOf),
      outputs: outputs.map(idOf),
      attributes: structuredClone(attributes) as unknown as Record<string, Attribute>,
    }),
  );
  return { name: graph.name, mode, batchSize, tensors, ops };
}

function assignments({ nodes, states }: Graph): Node[] {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  return states
    .filter(({ next }) => made.has(next))
    .map(({ value, next }) => {
      return { kind: 'assign', name: value.name, inputs: [next], outputs: [value], attributes: {} };
    });
}

const decays = ({ shape }: Value) => shape.filter((length) => length !== 1).length >= 2;

const start = (value: Value, starts: ReadonlyMap<Value, Start>): Start =>
  starts.get(value) ?? missing(value);

function missing(value: Value): never {
  throw new CompileError(`the ${value.role} "${value.name}" has no values`);
}

/** Names of values, unique in a program; a second value of a name gets a number. */
class Names {
  readonly #names = new Map<Value, string>();
  readonly #taken = new Set<string>();

  of(value: Value): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    let name = value.name;
    for (let k = 2; this.#taken.has(name); k++) name = `${value.name}#${k}`;
    this.#taken.add(name);
    this.#names.set(value, name);
    return name;
  }
}
