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
  const names = new Map<string, number>();
  const tensors: Tensor[] = [];

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
    const tensor: Tensor = { name: unique(value.name, names), dtype, shape, role };
    if (value.parameter) tensor.parameter = idOf(value.parameter);
    if (role === 'constant') tensor.data = value.read?.() ?? missing(value);
    if (role === 'parameter') Object.assign(tensor, start(value, starts));
    return tensor;
  };

  for (const value of graph.parameters) idOf(value);
  idOf(graph.input);
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

/** Tensor names are unique in a program; a second one of a name gets a number. */
function unique(name: string, taken: Map<string, number>): string {
  const count = taken.get(name) ?? 0;
  taken.set(name, count + 1);
  return count === 0 ? name : unique(`${name}#${count + 1}`, taken);
}
