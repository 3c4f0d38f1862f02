import { z } from 'zod';
import { type Axis, axisProblem } from '../sampler/axis.js';
import { SAMPLERS } from '../sampler/search-space.js';
import { axisSchema } from '../study/axis-schema.js';
import { scheduleSchema } from '../study/schedule-schema.js';

const share = z.number().gt(0).lt(1);

/** One stage over the level's space as it is. */
const plainSchema = z.strictObject({ kind: z.literal('plain') });

/**
 * A wide stage, then stages over a narrowed space until the best trial is away from every boundary (Choi et al. 2019,
 * appendices D and E).
 */
const narrowSchema = z.strictObject({
  kind: z.literal('narrow'),
  /** Trials of the wide stage. Default: as many as of a final one. */
  wide_trials: z.int().min(1).optional(),
  /** Share of the wide stage's trials, the best ones, that the narrowed space is drawn around; at least three. */
  keep: share.default(0.1),
  /** What is added on each side, as a share of the wide axis. */
  padding: share.default(0.1),
  /** A best trial within this share of an axis from its end makes the space be widened there. */
  boundary: z.number().gt(0).lt(0.5).default(0.1),
  /** How far it is then widened, as a share of the axis. */
  widening: z.number().gt(0).max(2).default(0.5),
  /** Narrowed stages at most. The last one counts even if its best trial is at a boundary; the record says so. */
  rounds: z.int().min(1).max(100).default(3),
});

/** A grid that grows where its best trial is at an end (Wilson et al. 2017, section 4). */
const extendSchema = z.strictObject({
  kind: z.literal('extend'),
  /** Points added at an end, with the grid's spacing. */
  points: z.int().min(1).default(2),
  rounds: z.int().min(1).max(100).default(3),
});

const levelSchema = z.strictObject({
  /** For people, e.g. `learning rate only`; empty where a protocol has one level and nothing to call it. */
  name: z.string().max(100),
  /**
   * What is tuned, of all that an entry of the study varies: hyperparameters, settings such as `l2`, `schedule`. The rest
   * keeps its default, without a setting that has none; `[]` runs the defaults.
   */
  tune: z.union([z.literal('all'), z.array(z.string())]).default('all'),
  /** Axes in place of the entries' own, by hyperparameter; an optimizer without it ignores it. */
  axes: z.record(z.string(), axisSchema).default({}),
  /** In place of the entries' own where the schedule is not tuned. */
  schedule: scheduleSchema,
  /** Default: the study's. */
  sampler: z.enum(SAMPLERS).optional(),
  /** Trials of a stage. Default: the study's; of a grid, all. */
  trials: z.int().min(1).optional(),
  search: z
    .discriminatedUnion('kind', [plainSchema, narrowSchema, extendSchema])
    .default({ kind: 'plain' }),
  /** Runs of the best point with fresh seeds at the end. */
  final_runs: z.int().min(0).max(1000).default(0),
});

const writtenProtocolSchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** Where it is from. */
  source: z.string().default(''),
  description: z.string().default(''),
  /** Searches one after the other, each a comparison of its own: how a ranking changes as more is tuned. */
  levels: z.array(levelSchema).min(1),
});

/** A tuning protocol as a file or a module states it. */
export type WrittenProtocol = z.input<typeof writtenProtocolSchema>;
export type Protocol = z.output<typeof writtenProtocolSchema>;
export type Level = Protocol['levels'][number];
export type NarrowSearch = Extract<Level['search'], { kind: 'narrow' }>;
export type ExtendSearch = Extract<Level['search'], { kind: 'extend' }>;

export const protocolSchema = writtenProtocolSchema.superRefine(({ levels }, context) => {
  const report = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path: ['levels', ...path], message });
  for (const [index, { name, axes, search, sampler }] of levels.entries()) {
    if (levels.findIndex((level) => level.name === name) < index)
      report([index, 'name'], `another level is called "${name}" too`);
    if (search.kind === 'extend' && sampler !== 'grid')
      report([index, 'search'], 'only a grid can be extended; set `sampler: grid`');
    if (search.kind !== 'plain' && sampler === 'tpe')
      report([index, 'search'], 'a model proposes points for a plain search only');
    for (const [axis, value] of Object.entries(axes as Record<string, Axis>)) {
      const problem = axisProblem(value);
      if (problem !== undefined) report([index, 'axes', axis], problem);
    }
  }
});

/** Checks and completes a protocol that is written as a module. */
export function defineProtocol(written: WrittenProtocol): Protocol {
  return protocolSchema.parse(written);
}
