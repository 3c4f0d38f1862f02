import { z } from 'zod';

/**
 * Synchronous successive halving (Jamieson & Talwalkar 2016): all trials train for the first share of the budget, then
 * the best of them go on, and so on to the whole budget.
 */
const halvingSchema = z.strictObject({
  kind: z.literal('successive_halving'),
  /** One in so many goes on from a rung, for so many times the steps. */
  factor: z.number().gt(1).max(100).default(3),
  /** Rungs, the whole budget among them. */
  rungs: z.int().min(2).max(10).default(3),
});

/** How trials that do worse than others are stopped before their budget. */
export const earlyStoppingSchema = z.preprocess(
  (value) => (typeof value === 'string' ? { kind: value } : value),
  z.discriminatedUnion('kind', [halvingSchema]),
);

export type EarlyStopping = z.output<typeof earlyStoppingSchema>;
export type SuccessiveHalving = Extract<EarlyStopping, { kind: 'successive_halving' }>;
