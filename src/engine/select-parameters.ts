import type { Op, OpKind, Program } from '../compiler/program.js';

/** Kinds of parameters that a selector may name; everything else is a pattern of names. */
export const PARAMETER_KINDS = [
  'matrices',
  'vectors',
  'norms',
  'biases',
  'embeddings',
  'output',
] as const;

type ParameterKind = (typeof PARAMETER_KINDS)[number];

const norms: readonly OpKind[] = ['batch_norm', 'layer_norm', 'group_norm'];
const products: readonly OpKind[] = ['dense', 'conv2d', 'matmul'];

/**
 * The parameters of each group, in the program's order: those that one of its selectors names and no group before it.
 * A selector is a kind, or a pattern of names in which `*` stands for anything:
 *
 * - `matrices`: of two axes or more, embeddings included; `vectors`: the others
 * - `norms`: scales and shifts of normalisations; `biases`: vectors that are not
 * - `embeddings`: tables that are looked up; `output`: what the last product before the loss multiplies and adds
 *
 * @throws RangeError naming a selector that selects nothing, or whose parameters all are in groups before it
 */
export function selectParameters(
  program: Program,
  groups: readonly (readonly string[])[],
): string[][] {
  const names = namesOf(program);
  const taken = new Set<string>();
  return groups.map((selectors) => {
    const chosen = new Set(
      selectors.flatMap((selector) => {
        const selected = select(program, names, selector);
        const free = selected.filter((name) => !taken.has(name));
        if (free.length > 0) return free;
        throw new RangeError(problemOf(selector, selected, names));
      }),
    );
    for (const name of chosen) taken.add(name);
    return names.filter((name) => chosen.has(name));
  });
}

function problemOf(selector: string, selected: readonly string[], names: readonly string[]) {
  if (selected.length > 0)
    return `"${selector}" selects nothing that a group before does not: ${selected.join(', ')}`;
  const kinds = PARAMETER_KINDS.join(', ');
  return `"${selector}" selects no parameter; the kinds are ${kinds}, the names ${names.join(', ')}`;
}

const namesOf = ({ tensors }: Program): string[] =>
  tensors.filter(({ role }) => role === 'parameter').map(({ name }) => name);

function select(program: Program, names: readonly string[], selector: string): string[] {
  const kind = PARAMETER_KINDS.find((candidate) => candidate === selector);
  if (kind) return names.filter(kinds[kind](program));
  const pattern = new RegExp(`^${selector.split('*').map(escapePattern).join('.*')}$`);
  return names.filter((name) => pattern.test(name));
}

const escapePattern = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

const axesOf = ({ tensors }: Program, name: string) =>
  tensors.find((tensor) => tensor.name === name)?.shape.length ?? 0;

/** Names of the parameters that ops read. */
function readBy({ tensors }: Program, ops: readonly Op[]): Set<string> {
  const read = ops.flatMap(({ inputs }) => inputs.map((input) => tensors[input]));
  return new Set(read.flatMap((tensor) => (tensor?.role === 'parameter' ? [tensor.name] : [])));
}

const ofKinds = (program: Program, wanted: readonly OpKind[]) =>
  readBy(
    program,
    program.ops.filter(({ kind }) => wanted.includes(kind)),
  );

/** What belongs to a kind. */
const kinds: Record<ParameterKind, (program: Program) => (name: string) => boolean> = {
  matrices: (program) => (name) => axesOf(program, name) > 1,
  vectors: (program) => (name) => axesOf(program, name) < 2,
  norms: (program) => {
    const read = ofKinds(program, norms);
    return (name) => read.has(name);
  },
  biases: (program) => {
    const read = ofKinds(program, norms);
    return (name) => axesOf(program, name) < 2 && !read.has(name);
  },
  embeddings: (program) => {
    const read = ofKinds(program, ['gather']);
    return (name) => axesOf(program, name) > 1 && read.has(name);
  },
  output: (program) => {
    const weights = program.ops.filter(
      (op) => products.includes(op.kind) && readBy(program, [op]).size > 0,
    );
    const last = weights.findLast(({ outputs }) => isForward(program, outputs));
    const read = readBy(program, last ? [last] : []);
    return (name) => read.has(name);
  },
};

/** Whether an op stands before the loss. */
function isForward({ tensors, ops }: Program, outputs: readonly number[]): boolean {
  const loss = ops.findIndex((op) =>
    op.outputs.some((output) => tensors[output]?.role === 'metric'),
  );
  const at = ops.findIndex((op) => op.outputs.some((output) => outputs.includes(output)));
  return at < loss;
}
