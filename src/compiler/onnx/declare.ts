import { CompileError } from '../compile-error.js';
import { BATCH, checkShape, type Dimension } from '../dimension.js';
import type { Value } from '../graph.js';
import type { DataType } from '../program.js';
import type { Metadata } from './metadata.js';
import type { OnnxInput, OnnxModel, OnnxTensor } from './onnx-model.js';
import type { Roles, TensorRole } from './roles.js';

/** What a graph is given: batches of data, and the float tensors of the model. */
export interface Declared {
  inputs: Value[];
  stored: (TensorRole & { value: Value })[];
}

/** @throws {CompileError} when it is not clear which inputs are data, or when their shapes or types cannot be. */
export function declare(model: OnnxModel, metadata: Metadata | undefined, roles: Roles): Declared {
  const { initializers } = model;
  const free = model.inputs.filter(({ name }) => !initializers.has(name));
  const data = findDataInputs(free, model, metadata);
  const batch = batchSymbol(data);
  const started = free
    .filter((input) => !data.includes(input))
    .map((input) => ({
      value: parameterInput(input, metadata),
      role: 'parameter' as const,
      reason: 'an input without a batch axis',
    }));
  // What is empty holds no weights.
  const floats = [...initializers.values()].filter(
    ({ kind, dims }) => kind === 'float' && !dims.includes(0),
  );
  const stored = floats.map((tensor) => {
    const role = roles.of(tensor);
    return { ...role, value: storedValue(tensor, role, metadata) };
  });
  return { inputs: data.map((input) => dataInput(input, batch)), stored: [...started, ...stored] };
}

const isSymbolic = (dim: number | string | undefined) => typeof dim !== 'number';

/**
 * The inputs with a symbolic axis. Of inputs that all have fixed shapes the only one, or all of them where the weights
 * are stored.
 */
function findDataInputs(
  free: OnnxInput[],
  { initializers }: OnnxModel,
  metadata: Metadata | undefined,
): OnnxInput[] {
  if (free.length === 0) throw new CompileError('the model has no input for the data');
  if (metadata !== undefined) {
    const engines = [...metadata.parameters, ...Object.keys(metadata.states)];
    return free.filter(({ name }) => !engines.includes(name));
  }
  const symbolic = free.filter(({ dims }) => dims?.some(isSymbolic));
  if (symbolic.length > 0) return symbolic;
  const weights = [...initializers.values()].some((t) => t.kind === 'float' && t.dims.length > 0);
  if (free.length === 1 || weights) return free;
  const names = free.slice(0, 8).map(({ name }) => `"${name}"`);
  throw new CompileError(
    `none of the inputs ${names.join(', ')} has a symbolic batch axis; export with dynamic_shapes`,
  );
}

/** The name of the batch: that of the first symbolic axis. */
function batchSymbol(inputs: readonly OnnxInput[]): string | undefined {
  const symbols = inputs.flatMap(({ dims }) => dims ?? []).filter((d) => typeof d === 'string');
  return symbols[0];
}

function dataInput({ name, dataType, dims }: OnnxInput, batch: string | undefined): Value {
  const dtype = inputType(name, dataType);
  // Exporters that know nothing of a batch give the first axis of each input a symbol of its own.
  const alone = dims?.filter(isSymbolic).length === 1;
  const length = (d: number | string | undefined, axis: number): Dimension | undefined => {
    if (typeof d === 'number') return d;
    return d === batch || (axis === 0 && (alone || d === undefined)) ? BATCH : undefined;
  };
  const shape = (dims ?? []).flatMap((d, axis) => length(d, axis) ?? []);
  if (dims === undefined || dims.length === 0 || shape.length !== dims.length) {
    throw new CompileError(
      `the input "${name}" has shape [${dims?.map((d) => d ?? '?') ?? 'unknown'}]; ` +
        'one axis must be the batch and the others fixed: export with fixed lengths for them',
    );
  }
  checkShape(shape, `the input "${name}"`);
  return { name, dtype, shape, role: 'input' };
}

/** An input of a graph without a batch. */
export function plainInput({ name, dataType, dims }: OnnxInput): Value {
  const shape = dims?.filter((d) => typeof d === 'number');
  if (dims === undefined || shape?.length !== dims.length) {
    throw new CompileError(`the input "${name}" must have a fixed shape`);
  }
  checkShape(shape, `the input "${name}"`);
  return { name, dtype: inputType(name, dataType), shape, role: 'input' };
}

/** What the data may be: numbers, or ids such as tokens. The engine calculates in float32. */
export const INPUT_TYPES: Readonly<Record<string, DataType>> = {
  FLOAT: 'f32',
  FLOAT16: 'f32',
  BFLOAT16: 'f32',
  DOUBLE: 'f32',
  INT32: 'i32',
  INT64: 'i32',
};

function inputType(name: string, dataType: string): DataType {
  const dtype = Object.hasOwn(INPUT_TYPES, dataType) ? INPUT_TYPES[dataType] : undefined;
  if (dtype !== undefined) return dtype;
  throw new CompileError(
    `the input "${name}" has type ${dataType}; ${Object.keys(INPUT_TYPES).join(', ')} are supported`,
  );
}

function parameterInput(input: OnnxInput, metadata: Metadata | undefined): Value {
  const { name, dataType, dims } = input;
  if (inputType(name, dataType) !== 'f32' || dims === undefined || dims.some(isSymbolic)) {
    throw new CompileError(`the parameter "${name}" must be of floats and have a fixed shape`);
  }
  const shape = dims as number[];
  checkShape(shape, `the parameter "${name}"`);
  return { name, dtype: 'f32', shape, role: 'parameter', ...recorded(name, metadata) };
}

function storedValue(
  tensor: OnnxTensor,
  { role }: TensorRole,
  metadata: Metadata | undefined,
): Value {
  const { name, dims } = tensor;
  checkShape(dims, `the initializer "${name}"`);
  const read = () => tensor.floats();
  const constant = { name, dtype: 'f32', shape: dims, role: 'constant', read } as const;
  if (role === 'frozen') return { ...constant, frozen: true };
  if (role === 'constant') return constant;
  return { name, dtype: 'f32', shape: dims, role, read, ...recorded(name, metadata) };
}

/** What the file records of a parameter. */
function recorded(name: string, metadata: Metadata | undefined): Pick<Value, 'start' | 'padding'> {
  const start = metadata?.initializers[name] ?? metadata?.states[name];
  const padding = metadata?.padding[name];
  return { ...(start && { start }), ...(padding !== undefined && { padding }) };
}
