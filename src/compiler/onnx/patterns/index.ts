import type { OnnxNode } from '../onnx-model.js';
import { attention } from './attention.js';
import { layerNorm, rmsNorm } from './layer-norm.js';
import { type Match, Nodes, type Pattern } from './pattern.js';

export type { Match } from './pattern.js';

const patterns: readonly Pattern[] = [attention, layerNorm, rmsNorm];

/** Operations that a model spells out in several nodes, by the last of these. */
export function findPatterns(
  order: readonly OnnxNode[],
  outputs: readonly string[],
): Map<OnnxNode, Match> {
  const nodes = new Nodes(order, outputs);
  const matches = new Map<OnnxNode, Match>();
  const taken = new Set<OnnxNode>();
  for (const last of order) {
    const match = first(patterns, (pattern) => pattern(last, nodes));
    if (match === undefined || match.inner.some((node) => taken.has(node))) continue;
    matches.set(last, match);
    for (const node of match.inner) taken.add(node);
  }
  return matches;
}

function first<T, U>(list: readonly T[], find: (item: T) => U | undefined): U | undefined {
  for (const item of list) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
