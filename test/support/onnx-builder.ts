import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from '../../src/compiler/onnx/onnx_pb.js';
import { Philox } from '../../src/random/philox.js';

export type AttributeSpec =
  | number
  | number[]
  | string[]
  | string
  | { float: number }
  | { reference: string }
  | GraphSpec
  | TensorProto;

/** A branch of If, or the body of a loop. What has no type is of floats; others are scalars. */
export interface GraphSpec {
  graph: {
    inputs?: string[];
    nodes: NodeSpec[];
    output: string | string[];
    types?: Record<string, 'INT64' | 'BOOL'>;
  };
}

export interface FunctionSpec {
  name: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  nodes: NodeSpec[];
}

export interface NodeSpec {
  op: string;
  inputs: string[];
  outputs: string[];
  /** Integers and lists of integers unless marked otherwise; strings and lists of strings; tensors; graphs. */
  attributes?: Record<string, AttributeSpec>;
  domain?: string;
  name?: string;
  /** The modules that PyTorch's exporter notes, outermost first. */
  modules?: string[];
}

export interface ModelSpec {
  inputs: Record<string, (number | string)[]>;
  /** The inputs that are int64, such as tokens. */
  whole?: readonly string[];
  initializers?: TensorProto[];
  nodes: NodeSpec[];
  output: string | string[];
  opset?: number;
  functions?: FunctionSpec[];
  /** The file's key-value pairs. */
  metadata?: Record<string, string>;
  /** What PyTorch's exporter notes of a tensor, e.g. `BUFFER`. */
  signature?: Record<string, string>;
  /** What PyTorch's exporter notes that a tensor is calculated from. */
  calculated?: Record<string, string[]>;
  /** What it lists as the module's parameters. */
  moduleParameters?: string[];
}

export function floats(name: string, dims: number[], values: ArrayLike<number>): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: DataType.FLOAT,
    rawData: new Uint8Array(Float32Array.from(values).buffer),
  });
}

export const integers = (name: string, values: number[], scalar = false): TensorProto =>
  wholeNumbers(name, scalar ? [] : [values.length], values);

export function wholeNumbers(name: string, dims: number[], values: number[]): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: DataType.INT64,
    int64Data: values.map(BigInt),
  });
}

/** The model with values, uniform on [−1, 1), for all its inputs but `x`. */
export function withWeights(spec: ModelSpec, seed: number): ModelSpec {
  const random = new Philox(seed);
  const { x = [], ...weights } = spec.inputs;
  const stored = Object.entries(weights).map(([name, shape]) => {
    const dims = shape.map(Number);
    const length = dims.reduce((a, b) => a * b, 1);
    return floats(
      name,
      dims,
      Float32Array.from({ length }, () => 2 * random.uniform() - 1),
    );
  });
  return { ...spec, inputs: { x }, initializers: [...(spec.initializers ?? []), ...stored] };
}

/** The bytes of an ONNX file. */
export function buildModel(spec: ModelSpec) {
  const { inputs, whole = [], initializers = [], nodes, output, opset = 20, functions = [] } = spec;
  const model = create(ModelProtoSchema, {
    irVersion: 9n,
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    producerName: 'test',
    metadataProps: Object.entries(spec.metadata ?? {}).map(([key, value]) => ({ key, value })),
    functions: functions.map(({ name, domain, inputs: input, outputs, nodes: body }) => ({
      name,
      domain,
      input,
      output: outputs,
      node: body.map(node),
      opsetImport: [{ domain: '', version: BigInt(opset) }],
    })),
    graph: {
      name: 'test',
      metadataProps: (spec.moduleParameters ? [spec.moduleParameters] : []).map((names) => ({
        key: 'pkg.torch.export.ExportedProgram.graph_signature',
        value: `# inputs\n${names.map((name) => `p_${name}: PARAMETER target='${name}'\n`).join('')}b_t: BUFFER target='t'`,
      })),
      input: Object.entries(inputs).map(([name, dims]) =>
        valueInfo(name, dims, whole.includes(name)),
      ),
      output: [output].flat().map((name) => valueInfo(name)),
      valueInfo: [
        ...Object.entries(spec.signature ?? {}).map(([name, value]) => ({
          name,
          metadataProps: [{ key: 'pkg.torch.export.graph_signature.InputSpec.kind', value }],
        })),
        ...Object.entries(spec.calculated ?? {}).map(([name, sources]) => ({
          name,
          metadataProps: [
            {
              key: 'pkg.onnxscript.optimizer.folded_from',
              value: `[${sources.map((source) => `'${source}'`).join(', ')}]`,
            },
          ],
        })),
      ],
      initializer: initializers,
      node: nodes.map(node),
    },
  });
  return toBinary(ModelProtoSchema, model);
}

function node(
  { op, inputs, outputs, attributes = {}, domain = '', name, modules = [] }: NodeSpec,
  index: number,
) {
  const scopes = [...modules, op].map((scope) => `'${scope}'`).join(', ');
  return create(NodeProtoSchema, {
    name: name ?? `${op.toLowerCase()}_${index}`,
    opType: op,
    domain,
    input: inputs,
    output: outputs,
    attribute: Object.entries(attributes).map(attribute),
    metadataProps:
      modules.length > 0 ? [{ key: 'pkg.torch.onnx.name_scopes', value: `[${scopes}]` }] : [],
  });
}

const valueInfo = (name: string, dims?: (number | string)[], whole = false) =>
  create(ValueInfoProtoSchema, {
    name,
    type: tensorType(dims, whole ? DataType.INT64 : DataType.FLOAT),
  });

function tensorType(dims: (number | string)[] | undefined, elemType: DataType) {
  const shape = dims && {
    dim: dims.map((d) => ({
      value:
        typeof d === 'number'
          ? { case: 'dimValue' as const, value: BigInt(d) }
          : { case: 'dimParam' as const, value: d },
    })),
  };
  const tensor = { elemType, ...(shape ? { shape } : {}) };
  return { value: { case: 'tensorType' as const, value: tensor } };
}

function attribute([name, value]: [string, AttributeSpec]): AttributeProto {
  const make = (type: AttributeType, more: object) =>
    create(AttributeProtoSchema, { name, type, ...more });
  if (typeof value === 'number') return make(AttributeType.INT, { i: BigInt(value) });
  if (typeof value === 'string') {
    return make(AttributeType.STRING, { s: new TextEncoder().encode(value) });
  }
  if (Array.isArray(value) && typeof value[0] === 'string') {
    const strings = value.map((s) => new TextEncoder().encode(String(s)));
    return make(AttributeType.STRINGS, { strings });
  }
  if (Array.isArray(value)) return make(AttributeType.INTS, { ints: value.map((v) => BigInt(v)) });
  if ('graph' in value) {
    const { inputs = [], nodes, output, types = {} } = value.graph;
    const typed = (tensor: string) => ({
      name: tensor,
      type: tensorType(types[tensor] && [], DataType[types[tensor] ?? 'FLOAT']),
    });
    const g = {
      name,
      input: inputs.map(typed),
      node: nodes.map(node),
      output: [output].flat().map(typed),
    };
    return make(AttributeType.GRAPH, { g });
  }
  if ('reference' in value) return make(AttributeType.INT, { refAttrName: value.reference });
  if ('float' in value) return make(AttributeType.FLOAT, { f: value.float });
  return make(AttributeType.TENSOR, { t: value });
}
