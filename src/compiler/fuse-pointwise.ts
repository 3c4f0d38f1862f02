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
  const makers = new Map<Value, Elementwise>();
  const absorbed = new Set<Elementwise>();
  const parts: (Node | Elementwise)[] = [];
  for (const node of graph.nodes) {
    const own = elementwise(node);
    if (own === undefined) {
      parts.push(node);
      continue;
    }
    const joined = absorb(own, makers, readers, absorbed);
    for (const output of joined.outputs) makers.set(output, joined);
    parts.push(joined);
  }
  const kept = parts.filter((part) => !(part instanceof Elementwise && absorbed.has(part)));
  const nodes = kept.map((part) => (part instanceof Elementwise ? part.node() : part));
  return { ...graph, nodes };
}

/** A node as expressions of the values it reads. */
class Elementwise {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Of the inputs x0, x1, …, one an output. */
  readonly expressions: readonly Expression[];
  /** The node it was, if nothing was joined to it. */
  readonly original: Node | undefined;

  constructor(
    name: string,
    inputs: readonly Value[],
    outputs: readonly Value[],
    expressions: readonly Expression[],
    original?: Node,
  ) {
    this.name = name;
    this.inputs = inputs;
    this.outputs = outputs;
    this.expressions = expressions;
    this.original = original;
  }

  node(): Node {
    if (this.original && this.original.kind !== 'dropout') return this.original;
    const code = codeOf(
      this.inputs.map((_, k) => `x${k}`),
      this.expressions,
    );
    const inputs = code.inputs.map((name) => at(this.inputs, Number(name.slice(1))));
    const { name, outputs } = this;
    return { kind: 'pointwise', name, inputs, outputs, attributes: { code } };
  }
}

const placeholders = (inputs: readonly Value[]): Expression[] =>
  inputs.map((_, k) => input(`x${k}`, 'element'));

const relu = (x: Expression): Expression => max(x, 0);

/** The node in this form; `undefined` where it is not elementwise. */
function elementwise(node: Node): Elementwise | undefined {
  const x = placeholders(node.inputs);
  const made = expressionsFor(node, x);
  return made && new Elementwise(node.name, node.inputs, node.outputs, made, node);
}

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

/** `own` together with the makers of its inputs that nothing else reads. */
function absorb(
  own: Elementwise,
  makers: ReadonlyMap<Value, Elementwise>,
  readers: ReadonlyMap<Value, number>,
  absorbed: Set<Elementwise>,
): Elementwise {
  const shape = at(own.outputs, 0).shape;
  const reads = (value: Value) => own.inputs.filter((other) => other === value).length;
  const joinable = own.inputs.map((value) => {
    const maker = makers.get(value);
    if (maker === undefined || !sameShape(at(maker.outputs, 0).shape, shape)) return undefined;
    const alone = maker.outputs.every((output) => readers.get(output) === reads(output));
    return alone ? maker : undefined;
  });
  const chosen = withinLimits(own, joinable);
  if (chosen.size === 0) return own;

  const inputs: Value[] = [];
  const expressionOf = (value: Value): Expression => {
    if (!inputs.includes(value)) inputs.push(value);
    return input(`x${inputs.indexOf(value)}`, 'element');
  };
  const substituted = new Map<Elementwise, readonly Expression[]>();
  const outputsOf = (part: Elementwise): readonly Expression[] => {
    const known = substituted.get(part);
    if (known) return known;
    const made = rewrite(part, part.inputs.map(expressionOf));
    substituted.set(part, made);
    return made;
  };
  const operands = own.inputs.map((value, k) => {
    const maker = joinable[k];
    if (maker === undefined || !chosen.has(maker)) return expressionOf(value);
    return at(outputsOf(maker), maker.outputs.indexOf(value));
  });
  for (const maker of chosen) absorbed.add(maker);
  return new Elementwise(own.name, inputs, own.outputs, rewrite(own, operands));
}

const rewrite = (part: Elementwise, operands: readonly Expression[]): readonly Expression[] => {
  const code = codeOf(
    part.inputs.map((_, k) => `x${k}`),
    part.expressions,
  );
  const given = code.inputs.map((name) => at(operands, Number(name.slice(1))));
  return expressionsOf(code, given).outputs;
};

/** As many of the makers as keep the joined op small. */
function withinLimits(
  own: Elementwise,
  makers: readonly (Elementwise | undefined)[],
): Set<Elementwise> {
  const chosen = new Set<Elementwise>();
  let instructions = instructionsOf(own);
  let operands = own.inputs.length;
  for (const maker of makers) {
    if (maker === undefined || chosen.has(maker)) continue;
    instructions += instructionsOf(maker);
    operands += maker.inputs.length;
    if (instructions > MOST_INSTRUCTIONS || operands > MOST_OPERANDS) break;
    chosen.add(maker);
  }
  return chosen;
}

const instructionsOf = ({ inputs, expressions }: Elementwise): number =>
  codeOf(
    inputs.map((_, k) => `x${k}`),
    expressions,
  ).instructions.length;
