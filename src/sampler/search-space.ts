import { type Axis, axisValue, type SampledAxis } from './axis.js';
import { DERIVED_SHAPES, type DerivedName, parseDerivedName } from './derived-name.js';
import { grid } from './grid.js';
import { halton } from './halton.js';
import { latinHypercube } from './latin-hypercube.js';
import type { PointSequence } from './point-sequence.js';
import { randomPoints } from './random-points.js';
import { sobol } from './sobol.js';

/** Samplers whose points do not depend on results. */
export const SEQUENCES = ['halton', 'sobol', 'random', 'latin_hypercube', 'grid'] as const;
export type SequenceKind = (typeof SEQUENCES)[number];

export const SAMPLERS = [...SEQUENCES, 'tpe'] as const;
export type SamplerKind = (typeof SAMPLERS)[number];

/** What the first trials of a sampler are drawn with, while there are no results. */
export const startingSequence = (sampler: SamplerKind): SequenceKind =>
  sampler === 'tpe' ? 'random' : sampler;

/** Levels of a grid along an axis that does not say. */
export const DEFAULT_LEVELS = 5;

/** A problem of a search space, at the axis it belongs to. */
export interface SpaceProblem {
  axis: string;
  message: string;
}

/** One sample: the axes' values as drawn, and the hyperparameters that follow from them. */
export interface SampledPoint {
  /** Varying axes only, by axis name. */
  point: Record<string, number>;
  /** Every hyperparameter. */
  hyperparameters: Record<string, number>;
}

/**
 * Axes by name and the hyperparameters they give. Dimensions go to varying axes in the order of their names, so the
 * order in a file means nothing.
 */
export class SearchSpace {
  readonly axes: ReadonlyMap<string, Axis>;
  /** Hyperparameters that no axis gives and that therefore keep their default: they are not tuned. */
  readonly untuned: string[];
  readonly #defaults: ReadonlyMap<string, number>;
  readonly #sampled: [string, SampledAxis][];
  readonly #order: [string, DerivedName][];

  /**
   * @param axes by name: a hyperparameter or a derived form
   * @param defaults every hyperparameter that there is, with its default
   * @throws {RangeError} naming every problem that `checkSpace` finds
   */
  constructor(axes: Record<string, Axis>, defaults: Record<string, number>) {
    const problems = checkSpace(Object.keys(axes), Object.keys(defaults));
    if (problems.length > 0) {
      throw new RangeError(problems.map(({ axis, message }) => `${axis}: ${message}`).join('; '));
    }
    this.axes = new Map(Object.entries(axes));
    this.#defaults = new Map(Object.entries(defaults));
    this.#sampled = [...this.axes]
      .filter((entry): entry is [string, SampledAxis] => entry[1].kind !== 'fixed')
      .sort(([a], [b]) => (a < b ? -1 : 1));
    this.#order = solvingOrder([...this.axes.keys()]).order;
    const given = new Set(this.#order.map(([, { target }]) => target));
    this.untuned = Object.keys(defaults).filter((name) => !given.has(name));
  }

  /** How many axes vary. */
  get dimensions(): number {
    return this.#sampled.length;
  }

  /**
   * The points of a sampler over this space; `key` (64 bits) selects the randomisation.
   * @param count how many will be used; a Latin hypercube depends on it
   */
  sequence(kind: SequenceKind, key: bigint, count: number): PointSequence {
    const words = [
      Number(BigInt.asUintN(32, key)),
      Number(BigInt.asUintN(32, key >> 32n)),
    ] as const;
    switch (kind) {
      case 'halton':
        return halton(this.dimensions, key);
      case 'sobol':
        return sobol(this.dimensions, words);
      case 'random':
        return randomPoints(this.dimensions, words);
      case 'latin_hypercube':
        return latinHypercube(this.dimensions, count, words);
      case 'grid':
        return grid(this.#sampled.map(([, axis]) => levelsOf(axis)));
    }
  }

  /** The least and the greatest value that a hyperparameter can get. */
  range(hyperparameter: string): [number, number] {
    const found = this.#order.find(([, { target }]) => target === hyperparameter);
    if (found === undefined) {
      const value = this.#defaults.get(hyperparameter) ?? Number.NaN;
      return [value, value];
    }
    const [name, { given, solve }] = found;
    const others = given === undefined ? [0] : this.range(given);
    // Every form is monotone in each of its parts, so its extremes are at the ends.
    const ends = axisEnds(this.axes.get(name) as Axis).flatMap((value) =>
      others.map((other) => solve(value, other)),
    );
    return [Math.min(...ends), Math.max(...ends)];
  }

  /** Maps a point of the unit cube to the axes' values and to hyperparameters. */
  at(unit: readonly number[]): SampledPoint {
    return this.complete(
      Object.fromEntries(
        this.#sampled.map(([name, axis], j) => [name, axisValue(axis, unit[j] as number)]),
      ),
    );
  }

  /** The hyperparameters that follow from the values of the varying axes. */
  complete(point: Record<string, number>): SampledPoint {
    const hyperparameters = Object.fromEntries(this.#defaults);
    for (const [name, { target, given, solve }] of this.#order) {
      const axis = this.axes.get(name) as Axis;
      const value = axis.kind === 'fixed' ? axis.value : (point[name] as number);
      hyperparameters[target] = solve(
        value,
        given === undefined ? 0 : (hyperparameters[given] ?? 0),
      );
    }
    return { point, hyperparameters };
  }
}

function axisEnds(axis: Axis): number[] {
  if (axis.kind === 'fixed') return [axis.value];
  return axis.kind === 'choice' ? axis.values : [axis.low, axis.high];
}

function levelsOf(axis: SampledAxis): number {
  return axis.kind === 'choice' ? axis.values.length : (axis.levels ?? DEFAULT_LEVELS);
}

/** Axes in an order in which each finds what it needs; those left over wait for one another. */
function solvingOrder(names: readonly string[]): {
  order: [string, DerivedName][];
  cyclic: string[];
} {
  let waiting = names.flatMap((name): [string, DerivedName][] => {
    const derived = parseDerivedName(name);
    return derived === undefined ? [] : [[name, derived]];
  });
  const order: [string, DerivedName][] = [];
  while (waiting.length > 0) {
    const open = new Set(waiting.map(([, { target }]) => target));
    const ready = waiting.filter(([, { given }]) => given === undefined || !open.has(given));
    if (ready.length === 0) break;
    order.push(...ready);
    waiting = waiting.filter((entry) => !ready.includes(entry));
  }
  return { order, cyclic: waiting.map(([name]) => name) };
}

/**
 * Checks axis names against the hyperparameters there are: each name readable, each hyperparameter known and given
 * at most once, no axis waiting for itself.
 */
export function checkSpace(
  names: readonly string[],
  hyperparameters: readonly string[],
): SpaceProblem[] {
  const problems: SpaceProblem[] = [];
  const givenBy = new Map<string, string>();
  for (const name of names) {
    const derived = parseDerivedName(name);
    if (derived === undefined) {
      problems.push({
        axis: name,
        message: `is not an axis name; write one of ${DERIVED_SHAPES.join(', ')} with hyperparameters for x and y`,
      });
      continue;
    }
    for (const used of [derived.target, derived.given]) {
      if (used === undefined || hyperparameters.includes(used)) continue;
      problems.push({
        axis: name,
        message: `there is no hyperparameter "${used}" here; there are ${hyperparameters.join(', ')}`,
      });
    }
    const before = givenBy.get(derived.target);
    if (before !== undefined) {
      problems.push({
        axis: name,
        message: `"${derived.target}" is already given by the axis "${before}"; keep one of them`,
      });
    }
    givenBy.set(derived.target, name);
  }
  if (problems.length > 0) return problems;
  return solvingOrder(names).cyclic.map((axis) => ({
    axis,
    message: 'depends on itself through the other axes; give one of its hyperparameters directly',
  }));
}
