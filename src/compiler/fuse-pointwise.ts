import { codeOf, expressionsOf } from '../expression/code-expressions.js';
import { add, type Expression, input, max, select } from '../expression/expression.js';
import { sameShape } from './dimension.js';
import { at, countReaders, type Graph, type Node, type Value } from './graph.js';
import { dropoutExpression } from './ops/dropout.js';

/** Instructions and operands of an op stay below these, so that a block of each fits into the caches. */
const MOST_INSTRUCTIONS = 200;
const MOST_OPERANDS = 24;

/**
 * Joins elementwise ops that follow each other into one, so that what is between them is never in memory: each into
 * the op that alone reads it. The values stay the same. Dropout, which the engine knows as such an op only, becomes one.
 */
export function fusePointwise(graph: Graph): Graph {
  const readers = countReaders(graph);
  const operands = new Operands();
  const makers = new Map<Value, Elementwise>();
  const absorbed = new Set<Elementwise>();
  const parts: (Node | Elementwise)[] = [];
  for (const node of graph.nodes) {
    const joined = join(node, operands, makersFor(node, makers, readers));
    parts.push(joined?.part ?? node);
    if (joined === undefined) continue;
    for (const maker of joined.makers) absorbed.add(maker);
    for (const output of node.outputs) makers.set(output, joined.part);
  }
  const kept = parts.filter((part) => !('expressions' in part && absorbed.has(part)));
  const nodes = kept.map((part) => ('expressions' in part ? nodeOf(part, operands) : part));
  return { ...graph, nodes };
}

/** One or more nodes as expressions of the values that they read. */
interface Elementwise {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** One an output, of `Operands`. */
  readonly expressions: readonly Expression[];
  /** At most so many; what is computed twice counts twice. */
  readonly instructions: number;
  /** The node it was, if nothing was joined to it. */
  readonly original: Node | undefined;
}

/** Each value as an operand of expressions. */
class Operands {
  readonly #all = new Map<Value, Expression & { kind: 'input' }>();

  of(value: Value): Expression & { kind: 'input' } {
    const known = this.#all.get(value);
    if (known) return known;
    const made = input(`v${this.#all.size}`, 'element') as Expression & { kind: 'input' };
    this.#all.set(value, made);
    return made;
  }
}

function nodeOf({ name, inputs, outputs, expressions, original }: Elementwise, operands: Operands) {
  if (original && original.kind !== 'dropout') return original;
  const values = new Map(inputs.map((value) => [operands.of(value).name, value]));
  const built = codeOf([...values.keys()], expressions);
  const code = { ...built, inputs: built.inputs.map((_, k) => `x${k}`) };
  const read = built.inputs.map((operand) => at([values.get(operand)], 0));
  return { kind: 'pointwise', name, inputs: read, outputs, attributes: { code } } as const;
}

const relu = (x: Expression): Expression => max(x, 0);

/** What an elementwise node computes of its operands; `undefined` for other nodes. */
function expressionsFor(node: Node, x: readonly Expression[]): readonly Expression[] | undefined {
  switch (node.kind) {
    case 'pointwise':
      return expressionsOf(node.attributes.code, x).outputs;
    case 'add': {
      const sum = add(at(x, 0), at(x, 1));
      return [node.attributes.relu ? relu(sum) : sum];
    }
    case 'relu':
      return [relu(at(x, 0))];
    case 'relu_grad':
      return [select(at(x, 1), at(x, 0), 0)];
    case 'dropout':
      return [dropoutExpression(at(x, 0), node.attributes)];
    default:
      return undefined;
  }
}

/** By input, the elementwise part that makes it for this node alone, if there is one. */
function makersFor(
  node: Node,
  makers: ReadonlyMap<Value, Elementwise>,
  readers: ReadonlyMap<Value, number>,
): (Elementwise | undefined)[] {
  const shape = at(node.outputs, 0).shape;
  const reads = (value: Value) => node.inputs.filter((other) => other === value).length;
  return node.inputs.map((value) => {
    const maker = makers.get(value);
    if (maker === undefined || !sameShape(at(maker.outputs, 0).shape, shape)) return undefined;
    const alone = maker.outputs.every((output) => readers.get(output) === reads(output));
    return alone ? maker : undefined;
  });
}

/** The node together with as many of the makers as keep it small. */
function join(node: Node, operands: Operands, makers: readonly (Elementwise | undefined)[]) {
  const alone = expressionsFor(
    node,
    node.inputs.map((value) => operands.of(value)),
  );
  if (alone === undefined) return undefined;
  const own = codeOf([], alone).instructions.length;
  const chosen = withinLimits(own, node.inputs.length, makers);
  const isChosen = (maker: Elementwise | undefined) => maker !== undefined && chosen.has(maker);
  const from = node.inputs.map((value, k) => {
    const maker = makers[k];
    if (maker === undefined || !isChosen(maker)) return operands.of(value);
    return at(maker.expressions, maker.outputs.indexOf(value));
  });
  const inputs = node.inputs.flatMap((value, k) =>
    isChosen(makers[k]) ? (makers[k]?.inputs ?? []) : [value],
  );
  const part: Elementwise = {
    name: node.name,
    inputs: [...new Set(inputs)],
    outputs: node.outputs,
    expressions: expressionsFor(node, from) ?? [],
    instructions: [...chosen].reduce((sum, { instructions }) => sum + instructions, own),
    original: chosen.size === 0 ? node : undefined,
  };
  return { part, makers: chosen };
}

function withinLimits(
  own: number,
  inputs: number,
  makers: readonly (Elementwise | undefined)[],
): Set<Elementwise> {
  const chosen = new Set<Elementwise>();
  let [instructions, operands] = [own, inputs];
  for (const maker of makers) {
    if (maker === undefined || chosen.has(maker)) continue;
    instructions += maker.instructions;
    operands += maker.inputs.length;
    if (instructions > MOST_INSTRUCTIONS || operands > MOST_OPERANDS) break;
    chosen.add(maker);
  }
  return chosen;
}
