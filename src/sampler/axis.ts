/** One dimension of a search space, or a value that does not vary. Bounds are inclusive. */
export type Axis =
  | { kind: 'fixed'; value: number }
  /** Equally likely in log x; 0 < low < high. */
  | { kind: 'log'; low: number; high: number; levels?: number }
  | { kind: 'uniform'; low: number; high: number; levels?: number }
  /** Equally likely in log(x / (1 − x)); 0 < low < high < 1. */
  | { kind: 'logit'; low: number; high: number; levels?: number }
  | { kind: 'choice'; values: number[] };

export type SampledAxis = Exclude<Axis, { kind: 'fixed' }>;
export type RangeAxis = Exclude<SampledAxis, { kind: 'choice' }>;

const SCALES = {
  uniform: { to: (x: number) => x, from: (y: number) => y },
  log: { to: Math.log, from: Math.exp },
  logit: {
    to: (x: number) => Math.log(x / (1 - x)),
    from: (y: number) => 1 / (1 + Math.exp(-y)),
  },
};

/** The value of an axis at `u` in [0, 1]. */
export function axisValue(axis: SampledAxis, u: number): number {
  if (axis.kind === 'choice') {
    const last = axis.values.length - 1;
    return axis.values[Math.min(last, Math.floor(u * axis.values.length))] as number;
  }
  const { low, high } = axis;
  const { to, from } = SCALES[axis.kind];
  const value = from(to(low) + u * (to(high) - to(low)));
  // Rounding may step over the bounds by one unit in the last place.
  return Math.min(high, Math.max(low, value));
}

/** Where a value lies on an axis: 0 at its lower end, 1 at its upper one; beyond them outside. */
export function axisUnit(axis: RangeAxis, value: number): number {
  const { to } = SCALES[axis.kind];
  return (to(value) - to(axis.low)) / (to(axis.high) - to(axis.low));
}

/** The axis from `low` to `high` in its own units (`axisUnit`), which may lie outside [0, 1]. */
export function axisPart(axis: RangeAxis, low: number, high: number): RangeAxis {
  const { to, from } = SCALES[axis.kind];
  const at = (u: number) => {
    if (u === 0) return axis.low;
    return u === 1 ? axis.high : from(to(axis.low) + u * (to(axis.high) - to(axis.low)));
  };
  return { ...axis, low: at(low), high: at(high) };
}

/** What is wrong with an axis, or undefined. */
export function axisProblem(axis: Axis): string | undefined {
  if (axis.kind === 'fixed') {
    return Number.isFinite(axis.value) ? undefined : `${axis.value} is not a finite number`;
  }
  if (axis.kind === 'choice') {
    if (axis.values.length === 0) return 'choice needs at least one value';
    const bad = axis.values.find((value) => !Number.isFinite(value));
    return bad === undefined ? undefined : `${bad} is not a finite number`;
  }
  const { kind, low, high, levels } = axis;
  if (!Number.isFinite(low) || !Number.isFinite(high)) return `${kind} needs finite bounds`;
  if (low >= high) return `the lower bound ${low} must be less than the upper bound ${high}`;
  if (kind !== 'uniform' && low <= 0) return `${kind} needs a lower bound above 0, not ${low}`;
  if (kind === 'logit' && high >= 1) return `logit needs an upper bound below 1, not ${high}`;
  if (levels !== undefined && (!Number.isInteger(levels) || levels < 1)) {
    return `levels must be a whole number from 1, not ${levels}`;
  }
  return undefined;
}
