import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, resolve, sep } from 'node:path';
import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { CompileError } from '../compile-error.js';
import { LIMITS } from '../limits.js';
import { type ElementKind, type ElementType, elementTypes, toNumber } from './element-types.js';
import { inlineFunctions, type OnnxFunction } from './inline-functions.js';
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
} from './onnx_pb.js';

const OLDEST_OPSET = 7;
const NEWEST_OPSET = 28;

/** An attribute's value; sparse tensors, types and the like are `unsupported`. */
export type OnnxAttribute =
  | { kind: 'int'; value: number }
  | { kind: 'ints'; value: number[] }
  | { kind: 'float'; value: number }
  | { kind: 'floats'; value: number[] }
  | { kind: 'string'; value: string }
  | { kind: 'strings'; value: string[] }
  | { kind: 'tensor'; value: OnnxTensor }
  | { kind: 'graph'; value: OnnxGraph }
  /** In a function: the attribute of that name of the node that calls it. */
  | { kind: 'reference'; value: string }
  | { kind: 'unsupported' };

export interface OnnxNode {
  /** As errors show it: `"name" (OpType)`. */
  label: string;
  name: string;
  /** The operator, with its domain before it unless that is ONNX's own. */
  opType: string;
  inputs: string[];
  outputs: string[];
  attributes: Map<string, OnnxAttribute>;
  /** The paths of the modules that PyTorch says it belongs to, outermost first; none where nothing is said. */
  modules: readonly string[];
}

/** A stored tensor. The number of stored values is checked on reading, the values are decoded on demand. */
export interface OnnxTensor {
  name: string;
  dims: number[];
  /** ONNX's name of the element type, e.g. `FLOAT`. */
  dataType: string;
  /** `undefined` for types whose values cannot be read, such as strings. */
  kind: ElementKind | undefined;
  /** Row-major, as stored. @throws {CompileError} when `kind` is undefined. */
  values(): ArrayLike<number>;
  /** Row-major; of half or double precision in float32. @throws {CompileError} when the elements are no floats. */
  floats(): Float32Array;
}

export interface OnnxInput {
  name: string;
  dataType: string;
  /** A string is a symbolic length; `undefined` an unknown one. `undefined` as a whole: rank unknown. */
  dims: (number | string | undefined)[] | undefined;
}

/** A graph; as a branch of If it may read names of the graph around it. */
export interface OnnxGraph {
  inputs: OnnxInput[];
  outputs: string[];
  initializers: Map<string, OnnxTensor>;
  nodes: OnnxNode[];
}

/** An ONNX file as plain data; functions that it defines are already inlined. */
export interface OnnxModel extends OnnxGraph {
  file: string | undefined;
  name: string;
  producer: string;
  opset: number;
  /** What the file says that the elements of an output are, e.g. `FLOAT`. */
  outputTypes: ReadonlyMap<string, string>;
  /** The file's key-value pairs. */
  metadata: ReadonlyMap<string, string>;
  /** What PyTorch says that a tensor is, by name, e.g. `PARAMETER` or `BUFFER`. */
  signature: ReadonlyMap<string, string>;
  /** The names that PyTorch's exporter notes of what it calculated a tensor from, by name. */
  calculated: ReadonlyMap<string, readonly string[]>;
  /** The parameters of the module that was exported, where PyTorch's exporter lists them. */
  moduleParameters: ReadonlySet<string> | undefined;
}

/** Reads an ONNX file. External data is looked for beside it. @throws {CompileError} */
export function readOnnxModel(path: string): OnnxModel {
  let bytes: Uint8Array;
  try {
    const { size } = statSync(path);
    if (size > LIMITS.fileBytes) {
      throw new CompileError(`the file has ${size} bytes; at most ${LIMITS.fileBytes} are read`);
    }
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof CompileError) throw error.at(path);
    throw new CompileError(`cannot read the file: ${messageOf(error)}`, path);
  }
  return parseOnnxModel(bytes, path);
}

/** As `readOnnxModel`, from memory; without a `file` external data cannot be read. @throws {CompileError} */
export function parseOnnxModel(bytes: Uint8Array, file?: string): OnnxModel {
  try {
    return convert(decode(ModelProtoSchema, bytes), file);
  } catch (error) {
    if (error instanceof CompileError) throw error.at(file);
    throw error;
  }
}

/** A tensor from the bytes of its own message. @throws {CompileError} */
export function parseOnnxTensor(bytes: Uint8Array): OnnxTensor {
  const proto = decode(TensorProtoSchema, bytes);
  return convertTensor(proto, `tensor "${proto.name}"`, undefined);
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function decode<T extends DescMessage>(schema: T, bytes: Uint8Array): MessageShape<T> {
  try {
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (error) {
    throw new CompileError(`not an ONNX file, or a damaged one (${messageOf(error)})`);
  }
}

function convert(model: ModelProto, file: string | undefined): OnnxModel {
  const { graph } = model;
  if (graph === undefined || model.opsetImport.length === 0) {
    throw new CompileError('not an ONNX model: it has no graph or names no operator set');
  }
  checkSize(graph);
  const folder = file === undefined ? undefined : dirname(file);
  const opset = opsetVersion(model.opsetImport);
  const { nodes, ...rest } = convertGraph(graph, folder);
  return {
    file,
    name: graph.name || (file === undefined ? 'model' : basename(file, '.onnx')),
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    opset,
    metadata: new Map(model.metadataProps.map(({ key, value }) => [key, value])),
    signature: notes(graph, 'pkg.torch.export.graph_signature.InputSpec.kind'),
    calculated: calculatedOf(graph),
    moduleParameters: moduleParametersOf(graph),
    outputTypes: new Map(
      graph.output.map(convertInput).map(({ name, dataType }) => [name, dataType]),
    ),
    ...rest,
    nodes: inlineFunctions(nodes, convertFunctions(model, opset, folder)),
  };
}

function convertGraph(graph: GraphProto, folder: string | undefined): OnnxGraph {
  return {
    inputs: graph.input.map(convertInput),
    outputs: graph.output.map((output) => output.name),
    initializers: convertInitializers(graph, folder),
    nodes: graph.node.map((node, index) => convertNode(node, index, folder)),
  };
}

/** What PyTorch's exporter notes under a key, by tensor. */
function notes({ valueInfo, input }: GraphProto, noted: string): Map<string, string> {
  return new Map(
    [...valueInfo, ...input].flatMap(({ name, metadataProps }) =>
      metadataProps
        .filter(({ key }) => key === noted)
        .map(({ value }): [string, string] => [name, value]),
    ),
  );
}

/** The notes are Python's lists: `['a.weight', 'val_1']`. */
function calculatedOf(graph: GraphProto): Map<string, string[]> {
  const lists = notes(graph, 'pkg.onnxscript.optimizer.folded_from');
  return new Map(
    [...lists].map(([name, list]) => [
      name,
      [...list.matchAll(/'([^']+)'/g)].map((m) => m[1] ?? ''),
    ]),
  );
}

/** The list has lines such as `p_head_weight: PARAMETER target='head.weight'`. */
function moduleParametersOf({ metadataProps }: GraphProto): Set<string> | undefined {
  const key = 'pkg.torch.export.ExportedProgram.graph_signature';
  const list = metadataProps.find((property) => property.key === key)?.value;
  const lines = list?.matchAll(/^\S+: PARAMETER target='([^']+)'/gm);
  return lines && new Set([...lines].map(([, target = '']) => target));
}

function convertFunctions(
  { functions }: ModelProto,
  opset: number,
  folder: string | undefined,
): Map<string, OnnxFunction> {
  return new Map(
    functions.map((f) => {
      const opType = isOwnDomain(f.domain) ? f.name : `${f.domain}::${f.name}`;
      const usesOwn = f.opsetImport.some(({ domain }) => isOwnDomain(domain));
      const version = usesOwn ? opsetVersion(f.opsetImport) : opset;
      if (version !== opset) {
        throw new CompileError(
          `the function ${opType} uses operator set ${version}, the model ${opset}; export with one`,
        );
      }
      const defaults = new Map(
        f.attributeProto.map((a) => [a.name, convertAttribute(a, folder)] as const),
      );
      const nodes = f.node.map((node, index) => convertNode(node, index, folder));
      return [opType, { inputs: f.input, outputs: f.output, defaults, nodes }] as const;
    }),
  );
}

function checkSize(graph: GraphProto): void {
  if (graph.node.length > LIMITS.nodes) {
    throw new CompileError(
      `the graph has ${graph.node.length} nodes; at most ${LIMITS.nodes} are supported`,
    );
  }
  const tensors =
    graph.input.length +
    graph.initializer.length +
    graph.node.reduce((sum, node) => sum + node.input.length + node.output.length, 0);
  if (tensors > LIMITS.tensors) {
    throw new CompileError(
      `the graph has ${tensors} tensors; at most ${LIMITS.tensors} are supported`,
    );
  }
}

function opsetVersion(imports: ModelProto['opsetImport']): number {
  const own = imports.find(({ domain }) => isOwnDomain(domain));
  // A model of other domains alone names none for ONNX's own.
  const version = own === undefined ? NEWEST_OPSET : Number(own.version);
  if (version >= OLDEST_OPSET && version <= NEWEST_OPSET) return version;
  throw new CompileError(
    `operator set ${version} is not supported; export with opset ${OLDEST_OPSET} to ${NEWEST_OPSET}`,
  );
}

const isOwnDomain = (domain: string) => domain === '' || domain === 'ai.onnx';

function convertInput({ name, type }: ValueInfoProto): OnnxInput {
  if (type?.value.case !== 'tensorType') return { name, dataType: 'not a tensor', dims: undefined };
  const { elemType, shape } = type.value.value;
  const dims = shape?.dim.map(({ value }) => {
    if (value.case === 'dimValue') return Number(value.value);
    return value.case === 'dimParam' && value.value !== '' ? value.value : undefined;
  });
  return { name, dataType: dataTypeName(elemType), dims };
}

function convertInitializers(graph: GraphProto, folder: string | undefined) {
  const [sparse] = graph.sparseInitializer;
  if (sparse !== undefined) {
    throw new CompileError(
      `the initializer "${sparse.values?.name ?? ''}" is sparse; store it as a dense tensor`,
    );
  }
  const tensors = new Map<string, OnnxTensor>();
  for (const proto of graph.initializer) {
    const what = `initializer "${proto.name}"`;
    if (proto.name === '') throw new CompileError('an initializer has no name');
    if (tensors.has(proto.name)) throw new CompileError(`two tensors are called "${proto.name}"`);
    tensors.set(proto.name, convertTensor(proto, what, folder));
  }
  return tensors;
}

function convertNode(node: NodeProto, index: number, folder: string | undefined): OnnxNode {
  const opType = isOwnDomain(node.domain) ? node.opType : `${node.domain}::${node.opType}`;
  const name = node.name || `${node.opType}_${index}`;
  const label = `"${name}" (${opType})`;
  try {
    const attributes = new Map(
      node.attribute.map((a) => [a.name, convertAttribute(a, folder)] as const),
    );
    const modules = modulesOf(node);
    return { label, name, opType, inputs: node.input, outputs: node.output, attributes, modules };
  } catch (error) {
    throw error instanceof CompileError ? error.at(undefined, label) : error;
  }
}

const SCOPES_KEY = 'pkg.torch.onnx.name_scopes';

/** Written as a list in Python: the modules, then the operation; a module called again has its call's number. */
function modulesOf({ metadataProps }: NodeProto): string[] {
  const text = metadataProps.find(({ key }) => key === SCOPES_KEY)?.value ?? '';
  const scopes = Array.from(text.matchAll(/'([^']*)'/g), ([, scope = '']) => scope);
  return scopes.slice(0, -1).map((scope) => scope.replace(/@\d+$/, ''));
}

function convertAttribute(attribute: AttributeProto, folder: string | undefined): OnnxAttribute {
  const { name, refAttrName } = attribute;
  if (refAttrName !== '') return { kind: 'reference', value: refAttrName };
  switch (attribute.type) {
    case AttributeType.INT:
      return { kind: 'int', value: toNumber(attribute.i) };
    case AttributeType.INTS:
      return { kind: 'ints', value: attribute.ints.map(toNumber) };
    case AttributeType.FLOAT:
      return { kind: 'float', value: attribute.f };
    case AttributeType.FLOATS:
      return { kind: 'floats', value: attribute.floats };
    case AttributeType.STRING:
      return { kind: 'string', value: new TextDecoder().decode(attribute.s) };
    case AttributeType.STRINGS:
      return { kind: 'strings', value: attribute.strings.map((s) => new TextDecoder().decode(s)) };
    case AttributeType.TENSOR:
      if (attribute.t === undefined) return { kind: 'unsupported' };
      return { kind: 'tensor', value: convertTensor(attribute.t, `attribute "${name}"`, folder) };
    case AttributeType.GRAPH:
      if (attribute.g === undefined) return { kind: 'unsupported' };
      checkSize(attribute.g);
      return { kind: 'graph', value: convertGraph(attribute.g, folder) };
    default:
      return { kind: 'unsupported' };
  }
}

const dataTypeName = (type: number): string => DataType[type] ?? `type ${type}`;

function convertTensor(proto: TensorProto, what: string, folder: string | undefined): OnnxTensor {
  const dims = proto.dims.map(Number);
  const count = dims.reduce((a, b) => a * b, 1);
  const bad = dims.length > LIMITS.rank || dims.some((d) => d < 0);
  if (bad || count * 4 > LIMITS.tensorBytes) {
    throw new CompileError(
      `${what} has shape [${dims.slice(0, LIMITS.rank + 1)}]; supported are up to ${LIMITS.rank} ` +
        `axes, none negative, and ${LIMITS.tensorBytes} bytes`,
    );
  }
  const dataType = dataTypeName(proto.dataType);
  const type = elementTypes[proto.dataType];
  const read = type && locate(proto, type, count, what, folder);
  const values = () => {
    if (read) return read();
    throw new CompileError(
      `${what} has elements of type ${dataType}; numbers and truth values are supported`,
    );
  };
  return {
    name: proto.name,
    dims,
    dataType,
    kind: type?.kind,
    values,
    floats() {
      if (type?.kind === 'float') return Float32Array.from(values());
      throw new CompileError(`${what} has elements of type ${dataType}; FLOAT is supported here`);
    },
  };
}

/** How to read a tensor's values, after checking that there are as many as its shape says. */
function locate(
  proto: TensorProto,
  type: ElementType,
  count: number,
  what: string,
  folder: string | undefined,
): () => ArrayLike<number> {
  const size = count * type.bytes;
  if (proto.dataLocation === DataLocation.EXTERNAL) {
    const read = externalData(proto, size, what, folder);
    return () => decodeBytes(read(), type);
  }
  const raw = proto.rawData;
  if (raw.length > 0) {
    if (raw.length === size) return () => decodeBytes(raw, type);
    throw new CompileError(
      `${what} has ${raw.length} bytes of data; its shape [${proto.dims}] needs ${size}`,
    );
  }
  const values = type.field(proto);
  if (values.length !== count) {
    throw new CompileError(
      `${what} has ${values.length} values; its shape [${proto.dims}] needs ${count}`,
    );
  }
  const { decode = (value: number) => value } = type;
  return () => Array.from(values, (v) => decode(typeof v === 'bigint' ? toNumber(v) : v));
}

function decodeBytes(bytes: Uint8Array, type: ElementType): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float64Array(bytes.byteLength / type.bytes);
  for (let k = 0; k < values.length; k++) values[k] = type.read(view, k * type.bytes);
  return values;
}

function externalData(
  proto: TensorProto,
  bytes: number,
  what: string,
  folder: string | undefined,
): () => Uint8Array {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get('location') ?? '';
  if (folder === undefined) {
    throw new CompileError(
      `${what} is stored in another file, "${location}"; give a path to read it`,
    );
  }
  const path = resolve(folder, location);
  const offset = Number(entries.get('offset') ?? 0);
  const length = Number(entries.get('length') ?? bytes);
  if (length !== bytes || !Number.isSafeInteger(offset) || offset < 0) {
    throw new CompileError(
      `${what} has offset ${offset} and ${length} bytes in "${location}"; its shape [${proto.dims}] needs ${bytes}`,
    );
  }
  try {
    const real = realpathSync(path);
    if (!real.startsWith(realpathSync(folder) + sep)) {
      throw new CompileError(`${what} points outside the model's folder, to "${location}"`);
    }
    const stat = statSync(real);
    if (!stat.isFile() || stat.size < offset + length) {
      throw new CompileError(
        `${what} needs bytes ${offset} to ${offset + length} of "${location}", which has ${stat.size}`,
      );
    }
  } catch (error) {
    if (error instanceof CompileError) throw error;
    throw new CompileError(`${what} is stored in "${location}": ${messageOf(error)}`);
  }
  return () => readSlice(path, offset, length);
}

function readSlice(path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const handle = openSync(path, 'r');
  try {
    let done = 0;
    while (done < length) {
      const count = readSync(handle, bytes, done, length - done, offset + done);
      if (count === 0) throw new CompileError(`"${path}" ended early`);
      done += count;
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}
