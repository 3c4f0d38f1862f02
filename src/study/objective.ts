import { z } from 'zod';
import { metricNames } from '../metrics/metrics.js';
import type { TrialState } from '../store/records.js';

export const objectiveSchema = z
  .strictObject({
    metric: z.enum(metricNames).default('classification_error'),
    split: z.literal('validation').default('validation'),
    /**
     * The best measurement of the run, the last, or the steps or seconds until the metric reached `target`. Seconds are
     * those of the machine, other trials on it included: nothing that follows from them is reproducible to the bit.
     */
    over: z.enum(['best', 'final', 'steps_to_target', 'seconds_to_target']).default('best'),
    /** A trial ends as soon as it is reached. */
    target: z.number().optional(),
  })
  .superRefine(({ over, target }, context) => {
    const needsTarget = over === 'steps_to_target' || over === 'seconds_to_target';
    if (needsTarget && target === undefined)
      context.addIssue({ code: 'custom', path: ['over'], message: 'needs a `target` to reach' });
    if (!needsTarget && target !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['target'],
        message:
          'is for `over: steps_to_target` and `seconds_to_target` only; `optcmp report --target` draws one',
      });
  })
  .prefault({});

export type Objective = z.output<typeof objectiveSchema>;

/**
 * What a trial counts for, lower is better: +∞ when it is infeasible or misses the target, NaN when nobody knows. One that
 * pauses or was stopped counts by how far it came.
 * @param curve its measurements of the metric on validation data, by step
 */
export function objectiveScore(
  { over, target = Number.NaN }: Objective,
  state: TrialState,
  curve: readonly { step: number; value: number; seconds: number }[],
): number {
  if (state === 'infeasible') return Number.POSITIVE_INFINITY;
  if (state === 'failed' || curve.length === 0) return Number.NaN;
  if (over === 'final') return curve.at(-1)?.value ?? Number.NaN;
  const reached = curve.find(({ value }) => value <= target);
  if (over === 'steps_to_target') return reached?.step ?? Number.POSITIVE_INFINITY;
  if (over === 'seconds_to_target') return reached?.seconds ?? Number.POSITIVE_INFINITY;
  return Math.min(...curve.map(({ value }) => value).filter(Number.isFinite));
}
