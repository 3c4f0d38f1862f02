import { deriveKey } from '../random/derive-key.js';
import { Philox } from '../random/philox.js';
import { requireCount, requireFinite } from './require.js';

/**
 * A regression tree as arrays over its nodes, the root first. At an inner node a point goes left when its coordinate
 * on `axis` is at or below `threshold`; a leaf has axis −1 and predicts `value`.
 */
export interface RegressionTree {
  axis: Int32Array;
  threshold: Float64Array;
  left: Int32Array;
  right: Int32Array;
  value: Float64Array;
}

export interface ForestOptions {
  /** Default 64. */
  trees?: number;
  /** Default 0. Same seed, same forest, on every machine. */
  seed?: bigint | number;
}

/**
 * A random forest for regression (Breiman 2001): fully grown least-squares trees, each on a bootstrap sample, every
 * axis tried at every node (as Optuna's fANOVA has it). Ties between splits go to the first axis, the lowest threshold.
 *
 * @param points `[trial][axis]`, in the scale of sampling (log₁₀ of a learning rate, 0, 1, … for choices)
 * @param values finite metrics, one a trial, 2 or more
 */
export function growForest(
  points: readonly ArrayLike<number>[],
  values: ArrayLike<number>,
  { trees = 64, seed = 0 }: ForestOptions = {},
): RegressionTree[] {
  const n = points.length;
  requireCount('number of trials', n, 2);
  requireCount('trees', trees);
  if (values.length !== n) throw new RangeError(`${n} points but ${values.length} values`);
  requireFinite(values, 'leave infeasible trials out, or replace them by the worst feasible one');
  const axes = (points[0] as ArrayLike<number>).length;
  points.forEach((point, trial) => {
    if (point.length !== axes) {
      throw new RangeError(`point ${trial} has ${point.length} coordinates, point 0 has ${axes}`);
    }
    requireFinite(point, `see the coordinates of point ${trial}`);
  });
  const columns = Array.from({ length: axes }, (_, a) =>
    Float64Array.from(points, (point) => point[a] as number),
  );
  const key = deriveKey(BigInt(seed), 'forest');
  return Array.from({ length: trees }, (_, tree) => {
    const random = new Philox(key, tree);
    const sample = Int32Array.from({ length: n }, () => random.below(n));
    return growTree(columns, Float64Array.from(values), sample);
  });
}

/** The mean of the trees' predictions. */
export function predict(forest: readonly RegressionTree[], point: ArrayLike<number>): number {
  return forest.reduce((sum, tree) => sum + predictTree(tree, point), 0) / forest.length;
}

function predictTree(tree: RegressionTree, point: ArrayLike<number>): number {
  let node = 0;
  for (;;) {
    const axis = tree.axis[node] as number;
    if (axis < 0) return tree.value[node] as number;
    const goesLeft = (point[axis] as number) <= (tree.threshold[node] as number);
    node = (goesLeft ? tree.left : tree.right)[node] as number;
  }
}

interface Split {
  axis: number;
  threshold: number;
  /** Σ²/n of both sides: the larger, the less is left unexplained. */
  gain: number;
}

function growTree(
  columns: readonly Float64Array[],
  values: Float64Array,
  root: Int32Array,
): RegressionTree {
  const tree = { axis: [] as number[], threshold: [] as number[], value: [] as number[] };
  const children = { left: [] as number[], right: [] as number[] };
  const grow = (sample: Int32Array): number => {
    const node = tree.axis.length;
    const sum = sample.reduce((total, i) => total + (values[i] as number), 0);
    const split = bestSplit(columns, values, sample);
    tree.axis.push(split?.axis ?? -1);
    tree.threshold.push(split?.threshold ?? 0);
    tree.value.push(sum / sample.length);
    children.left.push(-1);
    children.right.push(-1);
    if (!split) return node;
    const column = columns[split.axis] as Float64Array;
    const goesLeft = (i: number) => (column[i] as number) <= split.threshold;
    children.left[node] = grow(sample.filter(goesLeft));
    children.right[node] = grow(sample.filter((i) => !goesLeft(i)));
    return node;
  };
  grow(root);
  return {
    axis: Int32Array.from(tree.axis),
    threshold: Float64Array.from(tree.threshold),
    left: Int32Array.from(children.left),
    right: Int32Array.from(children.right),
    value: Float64Array.from(tree.value),
  };
}

/** Undefined where all values, or all points, are equal. */
function bestSplit(
  columns: readonly Float64Array[],
  values: Float64Array,
  sample: Int32Array,
): Split | undefined {
  const first = values[sample[0] as number];
  if (sample.every((i) => values[i] === first)) return undefined;
  let best: Split | undefined;
  columns.forEach((column, axis) => {
    const split = bestSplitOn(column, axis, values, sample);
    if (split && split.gain > (best?.gain ?? Number.NEGATIVE_INFINITY)) best = split;
  });
  return best;
}

function bestSplitOn(
  column: Float64Array,
  axis: number,
  values: Float64Array,
  sample: Int32Array,
): Split | undefined {
  const order = sample
    .slice()
    .sort((i, j) => (column[i] as number) - (column[j] as number) || i - j);
  const n = order.length;
  const mean = order.reduce((sum, i) => sum + (values[i] as number), 0) / n;
  let best: Split | undefined;
  // About the mean both sides' sums are opposite, and squares do not cancel.
  let leftSum = 0;
  for (let count = 1; count < n; count++) {
    leftSum += (values[order[count - 1] as number] as number) - mean;
    const low = column[order[count - 1] as number] as number;
    const high = column[order[count] as number] as number;
    if (low === high) continue;
    const gain = leftSum ** 2 / count + leftSum ** 2 / (n - count);
    const middle = low + (high - low) / 2;
    const threshold = middle < high ? middle : low;
    if (gain > (best?.gain ?? Number.NEGATIVE_INFINITY)) best = { axis, threshold, gain };
  }
  return best;
}
