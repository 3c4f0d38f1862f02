import { z } from 'zod';
import { type MetricName, metricNames } from '../metrics/metrics.js';
import { type Domain, studyDomain } from '../optimizers/index.js';
import type { Axis } from '../sampler/axis.js';
import { getSchedule, type Schedule, schedules, warmup } from '../schedules/index.js';
import { axisSchema } from './axis-schema.js';

/**
 * A learning-rate schedule with its parameters, each fixed or sampled; numbers of steps are fractions of the budget.
 * A warm-up is there only when the study names it.
 */
export type StudySchedule = { kind: string } & Record<string, Axis | string>;

/** A parameter that the study does not name keeps its default. */
const parameterSchema = (fallback: number) => axisSchema.prefault(fallback);

const metricSchema = {
  /** What a schedule with feedback watches on validation data. Default: the loss's metric. */
  metric: z.enum(metricNames).optional(),
};

function kindSchema({ kind, parameters, hasFeedback }: Schedule) {
  const own = Object.entries(parameters).map(([name, { default: value, fraction }]) => [
    name,
    parameterSchema(fraction ?? value),
  ]);
  const shared = Object.keys(warmup).map((name) => [name, axisSchema.optional()]);
  return z.strictObject({
    kind: z.literal(kind),
    ...(Object.fromEntries([...own, ...shared]) as Record<string, typeof axisSchema>),
    ...(hasFeedback && metricSchema),
  });
}

const [first, ...others] = schedules.map(kindSchema) as [
  ReturnType<typeof kindSchema>,
  ...ReturnType<typeof kindSchema>[],
];

export const scheduleSchema = z
  .preprocess(
    (value) => (typeof value === 'string' ? { kind: value } : value),
    z.discriminatedUnion('kind', [first, ...others]),
  )
  .transform((schedule) => schedule as StudySchedule)
  .prefault('constant');

/** The parameters of a schedule without its kind and metric. */
export function scheduleAxes(schedule: StudySchedule): Record<string, Axis> {
  return Object.fromEntries(
    Object.entries(schedule).filter(
      (entry): entry is [string, Axis] => typeof entry[1] === 'object',
    ),
  );
}

/** What each parameter may be in a study. */
export function scheduleDomains({ kind }: StudySchedule): Record<string, Domain> {
  const all = Object.entries({ ...getSchedule(kind).parameters, ...warmup });
  return Object.fromEntries(all.map(([name, parameter]) => [name, studyDomain(parameter)]));
}

/** The metric that a schedule with feedback watches, when the study names one. */
export function watchedMetric({ metric }: StudySchedule): MetricName | undefined {
  return typeof metric === 'string' ? (metric as MetricName) : undefined;
}
