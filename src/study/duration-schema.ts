import { z } from 'zod';

/** An amount of training. */
export type Duration = { steps: number } | { epochs: number };

function readDuration(value: unknown): Duration | undefined {
  const object = typeof value === 'number' ? { steps: value } : value;
  if (typeof object !== 'object' || object === null || Object.keys(object).length !== 1) {
    return undefined;
  }
  const { steps, epochs } = object as { steps?: unknown; epochs?: unknown };
  if (typeof steps === 'number' && Number.isInteger(steps) && steps > 0) return { steps };
  if (typeof epochs === 'number' && Number.isFinite(epochs) && epochs > 0) return { epochs };
  return undefined;
}

/** `n` or `{ steps: n }`, or `{ epochs: x }`. */
export const durationSchema = z.unknown().transform((value, context): Duration => {
  const duration = readDuration(value);
  if (duration !== undefined) return duration;
  const message = 'expected a whole number of steps from 1, { steps: n } or { epochs: x }';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/**
 * A duration in steps, at least one.
 * @param stepsPerEpoch training steps of one pass over the data
 */
export function inSteps(duration: Duration, stepsPerEpoch: number): number {
  if ('steps' in duration) return duration.steps;
  return Math.max(1, Math.round(duration.epochs * stepsPerEpoch));
}
