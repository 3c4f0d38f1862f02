import type { RegressionTree } from './forest.js';

/** An axis of the space in the scale of sampling; c choices coded 0, 1, … are −½ to c − ½. */
export interface AxisRange {
  low: number;
  high: number;
}

export interface Importances {
  /** Share of the variance that each axis explains on its own, 0 to 1. */
  main: Float64Array;
  /** `[i][j]`: what axes i and j explain together beyond each alone; 0 on the diagonal. */
  pairs: Float64Array[];
}

/** Part of a tree's box that lies in the space. */
interface Leaf {
  value: number;
  /** Share of the space. */
  volume: number;
  low: Float64Array;
  high: Float64Array;
}

/**
 * Importances of hyperparameters by functional ANOVA (Hutter, Hoos and Leyton-Brown 2014) of each tree of a forest,
 * over the uniform law on the space: V_U/V, averaged over the trees that vary. Exact for the trees: a tree's marginal
 * is a step function, whose variance is a finite sum.
 *
 * @param forest of `growForest`
 * @param space the axes, in the order of the points' coordinates
 * @throws {RangeError} when no tree varies over the space, or an axis is empty
 */
export function functionalAnova(
  forest: readonly RegressionTree[],
  space: readonly AxisRange[],
): Importances {
  for (const [axis, { low, high }] of space.entries()) {
    if (!(high > low)) throw new RangeError(`axis ${axis} from ${low} to ${high} is empty`);
  }
  const shares = forest.flatMap((tree) => sharesOf(leavesOf(tree, space), space) ?? []);
  if (shares.length === 0) {
    throw new RangeError('no tree varies over the space: all trials have about the same metric');
  }
  const average = (entry: (share: Importances) => number) =>
    shares.reduce((sum, share) => sum + entry(share), 0) / shares.length;
  return {
    main: Float64Array.from(space, (_, i) => average(({ main }) => main[i] as number)),
    pairs: space.map((_, i) =>
      Float64Array.from(space, (_, j) => average(({ pairs }) => pairs[i]?.[j] as number)),
    ),
  };
}

/** Of one tree; undefined when it is constant over the space. */
function sharesOf(leaves: readonly Leaf[], space: readonly AxisRange[]): Importances | undefined {
  const mean = leaves.reduce((sum, { volume, value }) => sum + volume * value, 0);
  const total = leaves.reduce((sum, { volume, value }) => sum + volume * (value - mean) ** 2, 0);
  if (!(total > 0)) return undefined;
  const cells = space.map((range, axis) => cellsOf(leaves, axis, range));
  const main = Float64Array.from(cells, (own) => marginalVariance(leaves, [own], mean) / total);
  const pairs = space.map(() => new Float64Array(space.length));
  for (const [i, own] of cells.entries()) {
    for (const [j, other] of cells.entries()) {
      if (j <= i) continue;
      const joint = marginalVariance(leaves, [own, other], mean) / total;
      const beyond = Math.max(0, joint - (main[i] as number) - (main[j] as number));
      (pairs[i] as Float64Array)[j] = beyond;
      (pairs[j] as Float64Array)[i] = beyond;
    }
  }
  return { main, pairs };
}

/** The cells that the leaves' edges cut an axis into. */
interface Cells {
  axis: number;
  /** Share of the axis that each cell takes. */
  sizes: Float64Array;
  /** From an edge to the cell that starts there. */
  index: Map<number, number>;
  length: number;
}

function cellsOf(leaves: readonly Leaf[], axis: number, { low, high }: AxisRange): Cells {
  const edges = Float64Array.from(
    new Set([low, high, ...leaves.map((leaf) => leaf.low[axis] as number)]),
  ).sort();
  const sizes = Float64Array.from(
    { length: edges.length - 1 },
    (_, i) => ((edges[i + 1] as number) - (edges[i] as number)) / (high - low),
  );
  return {
    axis,
    sizes,
    index: new Map([...edges].map((edge, i) => [edge, i])),
    length: high - low,
  };
}

/**
 * The variance of the trees' mean over all axes but one or two, as a function of those. Each leaf adds a constant to a
 * block of cells, which is four (two) entries of a table of differences.
 */
function marginalVariance(
  leaves: readonly Leaf[],
  [rows, columns = whole]: readonly [Cells, Cells?],
  mean: number,
): number {
  const width = columns.sizes.length + 1;
  const table = new Float64Array((rows.sizes.length + 1) * width);
  const add = (row: number, column: number, amount: number) => {
    table[row * width + column] = (table[row * width + column] as number) + amount;
  };
  for (const leaf of leaves) {
    const [top, bottom, height] = extent(leaf, rows);
    const [left, right, breadth] = extent(leaf, columns);
    // Centred, so that squares do not cancel.
    const amount = ((leaf.value - mean) * leaf.volume) / (height * breadth);
    add(top, left, amount);
    add(top, right, -amount);
    add(bottom, left, -amount);
    add(bottom, right, amount);
  }
  let variance = 0;
  const above = new Float64Array(width);
  for (const [row, height] of rows.sizes.entries()) {
    let value = 0;
    for (const [column, breadth] of columns.sizes.entries()) {
      above[column] = (above[column] as number) + (table[row * width + column] as number);
      value += above[column] as number;
      variance += height * breadth * value * value;
    }
  }
  return variance;
}

/** One cell: an axis that is not there. */
const whole: Cells = { axis: -1, sizes: Float64Array.of(1), index: new Map(), length: 1 };

/** First cell, cell past the last, share of the axis. */
function extent(leaf: Leaf, cells: Cells): [from: number, to: number, share: number] {
  if (cells.axis < 0) return [0, 1, 1];
  const [low, high] = [leaf.low[cells.axis] as number, leaf.high[cells.axis] as number];
  return [
    cells.index.get(low) as number,
    cells.index.get(high) as number,
    (high - low) / cells.length,
  ];
}

/** The leaves that the space meets, cut to it. */
function leavesOf(tree: RegressionTree, space: readonly AxisRange[]): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = (node: number, low: Float64Array, high: Float64Array): void => {
    const axis = tree.axis[node] as number;
    if (axis < 0) {
      const volume = space.reduce(
        (product, range, a) =>
          (product * ((high[a] as number) - (low[a] as number))) / (range.high - range.low),
        1,
      );
      leaves.push({ value: tree.value[node] as number, volume, low, high });
      return;
    }
    const threshold = tree.threshold[node] as number;
    if (threshold > (low[axis] as number)) {
      const end = Math.min(threshold, high[axis] as number);
      visit(tree.left[node] as number, low, high.with(axis, end));
    }
    if (threshold < (high[axis] as number)) {
      const start = Math.max(threshold, low[axis] as number);
      visit(tree.right[node] as number, low.with(axis, start), high);
    }
  };
  visit(
    0,
    Float64Array.from(space, ({ low }) => low),
    Float64Array.from(space, ({ high }) => high),
  );
  return leaves;
}
