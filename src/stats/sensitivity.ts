import { ascending } from './distribution.js';

export interface SensitivityOptions {
  /** Metrics up to (1 + tolerance) times the best count as good. Default 0.1. */
  tolerance?: number;
}

/**
 * Share of the logarithmic range of a hyperparameter, such as the learning rate, in which the metric is within a
 * tolerance of the best: the width of the valley in DeepOBS' sensitivity plots (Schneider et al. 2019, fig. 3).
 * Each distinct setting stands for what is nearer to it than to the others on the log scale, with the median of its
 * trials (several seeds). Let the other hyperparameters be the same in all, or tuned for each setting.
 *
 * @param settings the hyperparameter of each trial, above 0, inside the range
 * @param values metrics of 0 or more to minimise, +∞ for an infeasible trial; NaN is an error
 * @param range ends of the range that was searched, above 0
 * @returns 0 to 1; 0 when no trial is feasible
 */
export function toleratedShare(
  settings: ArrayLike<number>,
  values: ArrayLike<number>,
  [low, high]: readonly [low: number, high: number],
  { tolerance = 0.1 }: SensitivityOptions = {},
): number {
  if (!(low > 0 && high > low)) throw new RangeError(`the range ${low} to ${high} is empty`);
  if (!(tolerance >= 0)) throw new RangeError(`tolerance ${tolerance} is not 0 or more`);
  if (settings.length !== values.length) {
    throw new RangeError(`${settings.length} settings but ${values.length} values`);
  }
  const levels = levelsOf(settings, values);
  for (const { setting, value } of levels) {
    if (!(setting >= low && setting <= high)) {
      throw new RangeError(`setting ${setting} is outside the range ${low} to ${high}`);
    }
    if (value < 0)
      throw new RangeError(`a relative tolerance needs metrics of 0 or more, not ${value}`);
  }
  const best = Math.min(...levels.map(({ value }) => value));
  if (!Number.isFinite(best)) return 0;
  const positions = levels.map(({ setting }) => Math.log(setting / low) / Math.log(high / low));
  const edge = (i: number) => ((positions[i - 1] as number) + (positions[i] as number)) / 2;
  return levels.reduce((share, { value }, i) => {
    if (value > (1 + tolerance) * best) return share;
    return share + (i + 1 < levels.length ? edge(i + 1) : 1) - (i > 0 ? edge(i) : 0);
  }, 0);
}

/** Distinct settings, ascending, each with the (lower) median of its trials. */
function levelsOf(settings: ArrayLike<number>, values: ArrayLike<number>) {
  const byValue = ascending(values);
  const groups = new Map<number, number[]>();
  for (const i of byValue) {
    const setting = settings[i] as number;
    const group = groups.get(setting) ?? [];
    group.push(values[i] as number);
    groups.set(setting, group);
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([setting, group]) => ({ setting, value: group[(group.length - 1) >> 1] as number }));
}
