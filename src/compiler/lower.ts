import { CompileError } from './compile-error.js';
import { checkShape, concrete } from './dimension.js';
import type { Graph, Value } from './graph.js';
import type { Start } from './initialization.js';
import type { Attribute, Op, Program, Tensor } from './program.js';

export interface LowerOptions {
  mode: Program['mode'];
  batchSize: number;
  starts: ReadonlyMap<Value, Start>;
}

/** Numbers the tensors and fixes the batch size. Parameters come first, in the order of the file. */
export function lower(graph: Graph, { mode, batchSize, starts }: LowerOptions): Program {
  const ids = new Map<Value, number>();
  const tensors: Tensor[] = [];
  const names = new Names();
  // What callers ask for by name comes first, so that it keeps its name.
  for (const value of [...graph.parameters, ...graph.inputs, ...graph.outputs]) names.of(value);

  const idOf = (value: Value): number => {
    const known = ids.get(value);
    if (known !== undefined) return known;
    const id = tensors.length;
    ids.set(value, id);
    tensors.push(tensorOf(value));
    return id;
  };
  const tensorOf = (value: Value): Tensor => {
    const { dtype, role } = value;
    const shape = concrete(value.shape, batchSize);
    checkShape(shape, `the tensor "${value.name}"`);
    const tensor: Tensor = { name: names.of(value), dtype, shape, role };
    if (value.parameter) tensor.parameter = idOf(value.parameter);
    if (role === 'constant') tensor.data = value.read?.() ?? missing(value);
    if (role === 'parameter') Object.assign(tensor, start(value, starts));
    return tensor;
  };

  for (const value of graph.parameters) idOf(value);
  for (const value of graph.inputs) idOf(value);
  const ops = graph.nodes.map(
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

function start(parameter: Value, starts: ReadonlyMap<Value, Start>): Partial<Tensor> {
  const decay = parameter.shape.filter((length) => length !== 1).length >= 2;
  return { ...(starts.get(parameter) ?? missing(parameter)), decay };
}

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
