import { sameShape } from '../../dimension.js';
import type { Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';
import type { OnnxNode } from '../onnx-model.js';
import { eitherWay, type Match, type Nodes, type Pattern, standIn } from './pattern.js';

/**
 * (x − mean)/√(mean((x − mean)²) + ε)·scale + bias, as exporters before LayerNormalization, and others, write it; also
 * without the bias.
 */
export const layerNorm: Pattern = (last, nodes) =>
  ending(last, nodes, (normal) => {
    const division = nodes.inner(normal, ['Div', 'Mul']);
    if (division === undefined) return undefined;
    for (const [top, bottom] of waysOf(division)) {
      const root = rootOf(division, bottom, nodes);
      // The difference is read as what is divided, and once or twice by its square.
      const centered = [2, 3].map((reads) => nodes.inner(top, ['Sub'], reads)).find(Boolean);
      const [x, mean] = centered?.inputs ?? [];
      const average = nodes.inner(mean, ['ReduceMean']);
      if (!root || root.squareOf !== top || !centered || !average) continue;
      if (x === undefined || average.inputs[0] !== x) continue;
      const inner = [division, ...root.nodes, centered, average];
      return { ...root, x, means: [average, root.average], inner, center: true };
    }
    return undefined;
  });

/** x/√(mean(x²) + ε)·scale (Zhang and Sennrich 2019). */
export const rmsNorm: Pattern = (last, nodes) =>
  ending(last, nodes, (normal) => {
    const division = nodes.inner(normal, ['Div', 'Mul']);
    if (division === undefined) return undefined;
    for (const [top, bottom] of waysOf(division)) {
      const root = rootOf(division, bottom, nodes);
      if (!root || root.squareOf !== top) continue;
      const inner = [division, ...root.nodes];
      return { ...root, x: top, means: [root.average], inner, center: false };
    }
    return undefined;
  });

interface Normalized {
  x: string;
  epsilon: string;
  /** Of the square, when that is a power. */
  exponent: string | undefined;
  /** Those that take means. */
  means: readonly OnnxNode[];
  inner: readonly OnnxNode[];
  center: boolean;
}

/** `normal`·scale + bias or `normal`·scale. */
function ending(
  last: OnnxNode,
  nodes: Nodes,
  find: (normal: string) => Normalized | undefined,
): Match | undefined {
  const sums = last.opType === 'Add' ? eitherWay(last) : [];
  const product = (name: string) => nodes.inner(name, ['Mul']);
  const endings = [
    ...sums.map(([first, bias]) => ({ scaled: product(first), bias, inner: [product(first)] })),
    ...(last.opType === 'Mul' ? [{ scaled: last, bias: '', inner: [] }] : []),
  ];
  for (const { scaled, bias, inner } of endings) {
    for (const [normal, scale] of scaled ? eitherWay(scaled) : []) {
      const found = find(normal);
      if (found === undefined) continue;
      return {
        node: standIn(last, 'layer norm', [
          ...[found.x, scale, bias, found.epsilon, found.exponent ?? ''],
          ...found.means.map(({ inputs }) => inputs[1] ?? ''),
        ]),
        inner: [...inner, ...found.inner].filter((node) => node !== undefined),
        importer: (n) => importNorm(n, found),
      };
    }
  }
  return undefined;
}

/** What is divided and by what; a product with a reciprocal may be either way round. */
const waysOf = (division: OnnxNode): [string, string][] =>
  division.opType === 'Mul' ? eitherWay(division) : eitherWay(division).slice(0, 1);

/** √(mean(t²) + ε) in a division, or one over it in a product. */
function rootOf(division: OnnxNode, name: string, nodes: Nodes) {
  const reciprocal = nodes.inner(name, ['Reciprocal']);
  if ((division.opType === 'Mul') !== (reciprocal !== undefined)) return undefined;
  const root = nodes.inner(reciprocal?.inputs[0] ?? name, ['Sqrt']);
  const sum = nodes.inner(root?.inputs[0], ['Add']);
  if (root === undefined || sum === undefined) return undefined;
  for (const [mean, epsilon] of eitherWay(sum)) {
    const average = nodes.inner(mean, ['ReduceMean']);
    const square = nodes.inner(average?.inputs[0], ['Pow', 'Mul']);
    const [squareOf, other] = square?.inputs ?? [];
    if (!average || !square || squareOf === undefined) continue;
    if (square.opType === 'Mul' && other !== squareOf) continue;
    const exponent = square.opType === 'Pow' ? other : undefined;
    const all = [reciprocal, root, sum, average, square].filter((node) => node !== undefined);
    return { squareOf, epsilon, average, exponent, nodes: all };
  }
  return undefined;
}

/** Inputs: x, scale, bias, ε, the exponent of the square, and the axes of the means. */
function importNorm(n: NodeReader, { means, center }: Normalized): Value | undefined {
  const [x, scale] = [n.tensor(0), n.tensor(1)];
  const bias = n.has(2) ? n.tensor(2) : undefined;
  const rank = x.shape.length;
  const [epsilon, ...others] = n.maybeKnown(3)?.numbers() ?? [];
  const isSquare =
    !n.has(4) ||
    n
      .maybeKnown(4)
      ?.numbers()
      .every((power) => power === 2);
  const overLast = means.every((mean, k) => {
    const axes = n.has(5 + k) ? n.maybeKnown(5 + k)?.numbers() : ints(mean, 'axes');
    return axes?.length === 1 && (axes[0] === -1 || axes[0] === rank - 1) && keepsAxis(mean);
  });
  const fits = [scale, bias ?? scale].every(({ shape }) => sameShape(shape, x.shape.slice(-1)));
  if (epsilon === undefined || others.length > 0 || !isSquare || !overLast || !fits) {
    return undefined;
  }
  const attributes = { axis: rank - 1, epsilon, center };
  return n.emit('layer_norm', bias ? [x, scale, bias] : [x, scale], attributes);
}

function ints({ attributes }: OnnxNode, name: string): readonly number[] | undefined {
  const attribute = attributes.get(name);
  return attribute?.kind === 'ints' ? attribute.value : undefined;
}

function keepsAxis({ attributes }: OnnxNode): boolean {
  const attribute = attributes.get('keepdims');
  return attribute === undefined || (attribute.kind === 'int' && attribute.value !== 0);
}
