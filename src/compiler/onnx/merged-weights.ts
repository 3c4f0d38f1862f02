import type { OnnxModel, OnnxNode, OnnxTensor } from './onnx-model.js';

/**
 * The model with a tensor of its own for each module that reads one, where the exporter stored equal tensors once.
 * PyTorch's does so with whatever starts equal and does not tell it from tied weights, but it notes the modules that a
 * node belongs to. Tensors of several modules are taken apart where all their elements are equal, as scales and biases
 * start, and where the modules' names differ in numbers alone, as those of copied layers do. Others are tied. Within a
 * module what scales and what shifts is apart too where all elements are equal.
 */
export function splitMerged(model: OnnxModel): { model: OnnxModel; warnings: string[] } {
  const initializers = new Map(model.initializers);
  const signature = new Map(model.signature);
  const examples: string[] = [];
  const addCopy = (tensor: OnnxTensor, wanted: string): string => {
    let name = wanted;
    for (let k = 2; initializers.has(name); k++) name = `${wanted}#${k}`;
    initializers.set(name, { ...tensor, name });
    const kind = model.signature.get(tensor.name);
    if (kind !== undefined) signature.set(name, kind);
    examples.push(`"${name}" from "${tensor.name}"`);
    return name;
  };

  const aliases = aliasesOf(model);
  const readers = readersOf(model, aliases);
  const copies = new Map<string, string>();
  const nodes = model.nodes.map((node) => {
    if (aliases.has(node.outputs[0] ?? '')) return node;
    const inputs = node.inputs.map((alias, place) => {
      const name = aliases.get(alias) ?? alias;
      const tensor = model.initializers.get(name);
      const readings = readers.get(name) ?? [];
      if (tensor === undefined || readings.length < 2) return alias;
      const reading = readingOf(node, place, name, alias);
      const kept = readings.find((other) => other.name === name) ?? readings[0];
      if (kept === undefined || sameReading(reading, kept)) return name;
      const isCopy = reading.name !== kept.name && areCopies(kept.name, reading.name);
      if (!isCopy && !isUniform(tensor)) return name;
      const key = JSON.stringify([name, reading]);
      const copy = copies.get(key) ?? addCopy(tensor, reading.name);
      copies.set(key, copy);
      return copy;
    });
    return { ...node, inputs };
  });
  if (copies.size === 0) return { model, warnings: [] };
  const warnings = [
    `the exporter stored tensors that start equal once; ${copies.size} of them are trained apart ` +
      `(${examples[0]}, …); see docs/EXPORTING.md`,
  ];
  // A copy has the name that a node gave before.
  const left = nodes.filter(({ outputs: [made = ''] }) => !initializers.has(made));
  return { model: { ...model, nodes: left, initializers, signature }, warnings };
}

/** The name that a tensor has in a module that reads it, and what it does there where that is known. */
interface Reading {
  name: string;
  use: 'scale' | 'shift' | undefined;
}

const sameReading = (a: Reading, b: Reading | undefined): boolean =>
  a.name === b?.name && (a.use === b.use || !a.use || !b.use);

/** The older exporter gives a tensor that it stored once its other names by nodes: by these the stored name. */
function aliasesOf({ nodes, initializers }: OnnxModel): Map<string, string> {
  return new Map(
    nodes.flatMap(({ opType, inputs: [from = ''], outputs: [to = ''] }) =>
      opType === 'Identity' && initializers.get(from)?.kind === 'float' ? [[to, from]] : [],
    ),
  );
}

/** By stored tensor how the modules read it. */
function readersOf(
  { nodes, initializers }: OnnxModel,
  aliases: ReadonlyMap<string, string>,
): Map<string, Reading[]> {
  const readers = new Map<string, Reading[]>();
  for (const node of nodes) {
    if (aliases.has(node.outputs[0] ?? '')) continue;
    node.inputs.forEach((alias, place) => {
      const name = aliases.get(alias) ?? alias;
      if (initializers.get(name)?.kind !== 'float') return;
      const readings = readers.get(name) ?? [];
      const reading = readingOf(node, place, name, alias);
      if (!readings.some((other) => sameReading(reading, other))) readings.push(reading);
      readers.set(name, readings);
    });
  }
  return readers;
}

/**
 * The older exporter numbers what it calculates from weights, such as their transposes; it names nodes by the path of
 * their module.
 */
const CALCULATED = /^onnx::/;

function readingOf(node: OnnxNode, place: number, name: string, alias: string): Reading {
  const use = node.modules.length > 0 ? USES[node.opType] : undefined;
  if (CALCULATED.test(name)) {
    return { name: node.name.slice(0, node.name.lastIndexOf('/') + 1) + name, use };
  }
  return { name: alias === name ? nameIn(node, place, name) : alias, use };
}

const USES: Readonly<Record<string, Reading['use']>> = { Mul: 'scale', Add: 'shift' };

const RUNNING_STATISTICS: Readonly<Record<number, string>> = {
  3: 'running_mean',
  4: 'running_var',
};

/** The name that a tensor like `name` has in the module that a node belongs to. */
function nameIn({ opType, modules }: OnnxNode, place: number, name: string): string {
  const innermost = modules.at(-1);
  const end = name.lastIndexOf('.');
  if (innermost === undefined || end < 0) return name;
  const owner = name.slice(0, end);
  const statistic = opType === 'BatchNormalization' ? RUNNING_STATISTICS[place] : undefined;
  const module = modules.includes(owner) ? owner : (movedTo(innermost, owner) ?? innermost);
  return `${module}.${statistic ?? name.slice(end + 1)}`;
}

/** The module within `outer`, or itself, that has the place of `owner` within a copy of `outer`. */
function movedTo(outer: string, owner: string): string | undefined {
  const depth = outer === '' ? 0 : outer.split('.').length;
  const path = owner.split('.');
  if (!areCopies(path.slice(0, depth).join('.'), outer)) return undefined;
  return [...(depth > 0 ? [outer] : []), ...path.slice(depth)].join('.');
}

const areCopies = (a: string, b: string): boolean => skeleton(a) === skeleton(b);

const skeleton = (name: string): string => name.replace(/\d+/g, '0');

function isUniform(tensor: OnnxTensor): boolean {
  const values = tensor.values();
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}
