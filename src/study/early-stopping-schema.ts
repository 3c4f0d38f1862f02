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

/** The median rule, as Optuna's MedianPruner: a trial stops where its best is worse than the median of others there. */
const medianSchema = z.strictObject({
  kind: z.literal('median'),
  /** Trials that must have run to their end before others are stopped; as many points of a search do in any case. */
  startup: z.int().min(1).max(1_000_000).default(5),
  /** Points between two updates of the medians. */
  batch: z.int().min(1).max(1_000_000).default(10),
  /** Share of the budget before which nothing is stopped. */
  warmup: z.number().min(0).lt(1).default(0),
});

/** How trials that do worse than others are stopped before their budget. */
export const earlyStoppingSchema = z.preprocess(
  (value) => (typeof value === 'string' ? { kind: value } : value),
  z.discriminatedUnion('kind', [halvingSchema, medianSchema]),
);

export type EarlyStopping = z.output<typeof earlyStoppingSchema>;
export type MedianRule = Extract<EarlyStopping, { kind: 'median' }>;
export type SuccessiveHalving = Extract<EarlyStopping, { kind: 'successive_halving' }>;
