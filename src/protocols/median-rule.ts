import type { MedianRule } from '../study/early-stopping-schema.js';
import type { Decision, FinishedStage, Limit, Stage } from './next-stage.js';

/** The first batch trains for its whole budget: it is what later ones are compared with. */
export function firstBatch({ startup }: MedianRule, stage: Stage): Stage {
  return {
    ...stage,
    reason: 'for the whole budget, to compare with',
    trials: Math.min(startup, stage.trials),
    part: { from: 0, of: stage.trials },
  };
}

/**
 * The next points of the sampler, stopped where they do worse than the median of the trials before their batch.
 * @param total points in all
 */
export function nextBatch(
  rule: MedianRule,
  total: number,
  done: readonly FinishedStage[],
): Decision {
  const from = done.reduce((sum, { trials }) => sum + trials.length, 0);
  if (from >= total) return { outcome: 'done' };
  const { stage } = done.at(-1) as FinishedStage;
  const curves = done.flatMap(({ trials }) => trials.flatMap((trial) => trial.curves ?? []));
  const limits = curves.length < rule.startup ? [] : medians(curves);
  const { points: _, ...rest } = stage;
  return {
    outcome: 'went on',
    next: {
      ...rest,
      reason: `stopped where worse than the median of ${curves.length}`,
      trials: Math.min(rule.batch, total - from),
      part: { from, of: total },
      limits,
    },
  };
}

/** The median at each step at which any was measured. */
function medians(curves: readonly (readonly Limit[])[]): Limit[] {
  const values = new Map<number, number[]>();
  for (const { step, value } of curves.flat())
    values.set(step, [...(values.get(step) ?? []), value]);
  return [...values]
    .sort(([a], [b]) => a - b)
    .map(([step, at]) => ({ step, value: median(at.sort((a, b) => a - b)) }));
}

/** Of two in the middle their mean. */
function median(sorted: readonly number[]): number {
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1] as number, sorted[Math.floor(half)] as number];
  return low + (high - low) / 2;
}
