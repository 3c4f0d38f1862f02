import { z } from 'zod';
import type { Precision } from '../engine/types.js';
import {
  contains,
  type Domain,
  decayRate,
  ExpressionError,
  formatDomain,
  getOptimizer,
  nonNegative,
  type Optimizer,
  type OptimizerText,
  optimizers,
  parseOptimizer,
  positive,
  studyDomain,
  VARIANTS,
  type Variant,
  type WrapperName,
  wrapped,
  wrappers,
} from '../optimizers/index.js';
import type { Axis } from '../sampler/axis.js';
import { parseDerivedName } from '../sampler/derived-name.js';
import { checkSpace, SearchSpace } from '../sampler/search-space.js';
import { nearest } from '../yaml/nearest.js';
import { axisOrDefaultSchema, axisSchema } from './axis-schema.js';
import { defaultSpace } from './default-space.js';
import { entryOptimizer } from './entry-optimizer.js';
import { groupProblem, groupSchema } from './group-schema.js';
import { optimizerTextSchema } from './optimizer-schema.js';
import { scheduleAxes, scheduleDomains, scheduleSchema } from './schedule-schema.js';

const PRECISIONS = ['f32', 'bf16'] as const satisfies readonly Precision[];

const WRAPPERS = Object.keys(wrappers) as WrapperName[];

/** Settings of a trial beside its update rule and schedule, each fixed or sampled. */
export const SETTINGS = {
  /** Coefficient of the L2 penalty. */
  l2: nonNegative,
  /** Decoupled weight decay. */
  weight_decay: nonNegative,
  /** In place of the workload's own. */
  label_smoothing: decayRate,
  /** Ratio of every dropout of the model, in place of its own. */
  dropout: decayRate,
  /** Greatest global norm of the gradient. */
  clip_norm: positive,
  /** Greatest size of an element of the gradient. */
  clip_value: positive,
  /** Greatest norm of the gradient of a row over the row's own. */
  clip_adaptive: positive,
  /** Variance of noise in the gradient at the first step. */
  gradient_noise: nonNegative,
  /** Radius of sharpness-aware minimization. */
  sam_rho: nonNegative,
} as const satisfies Record<string, Domain>;

export type Setting = keyof typeof SETTINGS;

export const labelSchema = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}+$/u, 'must not contain control characters');

const writtenEntrySchema = z.strictObject({
  /** Name of the entry in the results. Default: the optimizer's, with `/pytorch` added for that variant, `+ema` for a wrapper. */
  label: labelSchema.optional(),
  /** A built-in's name, or a rule of the study's own. */
  optimizer: z.union([z.string(), optimizerTextSchema]),
  variant: z.enum(VARIANTS).default('paper'),
  /** Around the optimizer, the first innermost. */
  wrappers: z.array(z.enum(WRAPPERS)).optional(),
  /** Axes by name. What it does not name keeps the optimizer's default and counts as not tuned. */
  space: z.union([z.literal('default'), z.record(z.string(), axisOrDefaultSchema)]),
  schedule: scheduleSchema,
  l2: axisSchema.optional(),
  weight_decay: axisSchema.optional(),
  label_smoothing: axisSchema.optional(),
  dropout: axisSchema.optional(),
  clip_norm: axisSchema.optional(),
  clip_value: axisSchema.optional(),
  clip_adaptive: axisSchema.optional(),
  gradient_noise: axisSchema.optional(),
  sam_rho: axisSchema.optional(),
  /** Parameters with settings of their own; each is in the first group that selects it. */
  groups: z.array(groupSchema).min(1).optional(),
  /** Computes every convolution directly, in place of the workload's choice. */
  exact_convolutions: z.boolean().optional(),
  /** Of convolutions and matrix products. Default `f32`. */
  precision: z.enum(PRECISIONS).optional(),
  /** Only on these of the study's workloads. Default: on all. */
  workloads: z.array(z.string()).min(1).optional(),
});

type WrittenEntry = z.output<typeof writtenEntrySchema>;

/** An optimizer of a study with all that is tuned about it; `space` has no defaults left in it. */
export interface OptimizerEntry extends Omit<WrittenEntry, 'label' | 'space'> {
  label: string;
  space: Record<string, Axis>;
  /** Hyperparameters that keep their default because the space does not name them. */
  untuned: string[];
}

interface Problem {
  path: string[];
  message: string;
}

/** Every number that a trial of this entry has, with its domain and its value when the space does not give it. */
function hyperparametersOf(
  optimizer: Optimizer,
  entry: Pick<WrittenEntry, 'schedule' | Setting>,
): Map<string, { domain: Domain; default: number }> {
  const all = new Map<string, { domain: Domain; default: number }>([
    ['lr', optimizer.lr],
    ...Object.entries(optimizer.hyperparameters).map(
      ([name, known]): [string, { domain: Domain; default: number }] => [
        name,
        { domain: studyDomain(known), default: known.fraction ?? known.default },
      ],
    ),
  ]);
  const domains = { ...SETTINGS, ...scheduleDomains(entry.schedule) };
  for (const name of Object.keys(otherAxes(entry))) {
    all.set(name, { domain: domains[name as Setting], default: Number.NaN });
  }
  return all;
}

/** The axes that stand beside the space: schedule and settings. */
export function otherAxes(entry: Pick<WrittenEntry, 'schedule' | Setting>): Record<string, Axis> {
  const axes = scheduleAxes(entry.schedule);
  for (const setting of Object.keys(SETTINGS) as Setting[]) {
    const axis = entry[setting];
    if (axis !== undefined) axes[setting] = axis;
  }
  return axes;
}

/** The whole search space of an entry: the optimizer's hyperparameters, the schedule's and the settings. */
export function entrySpace(entry: OptimizerEntry): SearchSpace {
  const known = hyperparametersOf(entryOptimizer(entry), entry);
  return new SearchSpace(
    { ...entry.space, ...otherAxes(entry) },
    Object.fromEntries([...known].map(([name, h]) => [name, h.default])),
  );
}

/** What the values of an entry's axis may be. */
export function axisDomain(entry: OptimizerEntry, axis: string): Domain {
  const { target, given } = parseDerivedName(axis) ?? { target: axis };
  const known = hyperparametersOf(entryOptimizer(entry), entry);
  const domain = known.get(target)?.domain;
  // A ratio to another hyperparameter is bounded by both; what is positive stays so.
  if (domain === undefined || given !== undefined) return positive;
  if (!axis.includes('-')) return domain;
  const { min, max, openMin, openMax } = domain;
  return {
    min: 1 - max,
    max: 1 - min,
    ...(openMax && { openMin: true }),
    ...(openMin && { openMax: true }),
  };
}

function findOptimizer(written: WrittenEntry): Optimizer | Problem {
  const { optimizer, variant, wrappers: around } = written;
  const alone = typeof optimizer === 'string' ? builtIn(optimizer, variant) : own(optimizer);
  if ('message' in alone || around === undefined) return alone;
  try {
    return wrapped(alone, around);
  } catch (error) {
    return { path: ['wrappers'], message: (error as Error).message };
  }
}

function builtIn(name: string, variant: Variant): Optimizer | Problem {
  const names = [...new Set(optimizers.map((optimizer) => optimizer.name))];
  if (!names.includes(name)) {
    const near = nearest(name, names);
    const meant = near === undefined ? '' : `; did you mean "${near}"?`;
    const message = `there is no such optimizer${meant} (allowed: ${names.join(', ')})`;
    return { path: ['optimizer'], message };
  }
  try {
    return getOptimizer(name, variant);
  } catch (error) {
    return { path: ['variant'], message: (error as Error).message };
  }
}

function own(text: OptimizerText): Optimizer | Problem {
  let part = 'rule';
  try {
    parseOptimizer({ ...text, evaluation: undefined });
    part = 'evaluation';
    return parseOptimizer(text);
  } catch (error) {
    const { message } = error as Error;
    if (!(error instanceof ExpressionError)) return { path: ['optimizer'], message };
    return { path: ['optimizer', part], message: `in its text, ${message}` };
  }
}

/** The space with every `default` replaced by what it stands for. */
function expandSpace(
  { space, optimizer: written, variant, wrappers: around }: WrittenEntry,
  optimizer: Optimizer,
): Record<string, Axis> | Problem[] {
  if (space === 'default') {
    const found = typeof written === 'string' ? defaultSpace(written, variant, around) : undefined;
    if (found !== undefined) return found;
    const message = `"${optimizer.name}" has no default space; name its axes`;
    return [{ path: ['space'], message }];
  }
  const problems: Problem[] = [];
  const axes = Object.entries(space).map(([axis, value]): [string, Axis] => {
    if (value !== 'default') return [axis, value];
    const known = axis === 'lr' ? optimizer.lr : optimizer.hyperparameters[axis];
    if (known !== undefined)
      return [axis, { kind: 'fixed', value: known.fraction ?? known.default }];
    const names = ['lr', ...Object.keys(optimizer.hyperparameters)].join(', ');
    const message = `only a hyperparameter has a default (${names}), found the axis "${axis}"`;
    problems.push({ path: ['space', axis], message });
    return [axis, { kind: 'fixed', value: Number.NaN }];
  });
  return problems.length > 0 ? problems : Object.fromEntries(axes);
}

function nameProblems(space: Record<string, Axis>, optimizer: Optimizer): Problem[] {
  const names = ['lr', ...Object.keys(optimizer.hyperparameters)];
  return checkSpace(Object.keys(space), names).map(({ axis, message }) => {
    const derived = parseDerivedName(axis);
    const unknown = [derived?.target, derived?.given].find((n) => n && !names.includes(n));
    const near = unknown === undefined ? undefined : nearest(unknown, names);
    const meant = near === undefined ? '' : `; did you mean "${near}"?`;
    return { path: ['space', axis], message: message + meant };
  });
}

/** Settings that would hide a hyperparameter of the same name. */
function clashProblems(entry: WrittenEntry, optimizer: Optimizer): Problem[] {
  const clashing = Object.keys(otherAxes(entry)).filter(
    (name) => name in optimizer.hyperparameters,
  );
  return clashing.map((name) => ({
    path: pathOfAxis(name, entry),
    message: `"${optimizer.name}" has a hyperparameter of this name; put it into the space`,
  }));
}

function groupProblems({ groups = [] }: WrittenEntry): Problem[] {
  return groups.flatMap((group, k) => {
    const message = groupProblem(group);
    return message === undefined ? [] : [{ path: ['groups', `${k}`], message }];
  });
}

/** Hyperparameters that the space can lead out of their domain. */
function rangeProblems(entry: OptimizerEntry, optimizer: Optimizer): Problem[] {
  const space = entrySpace(entry);
  const problems: Problem[] = [];
  for (const [name, { domain }] of hyperparametersOf(optimizer, entry)) {
    const [low, high] = space.range(name);
    if (contains(domain, low) && contains(domain, high)) continue;
    const axis = [...space.axes.keys()].find((key) => parseDerivedName(key)?.target === name);
    const values = low === high ? `${low}` : `${low} to ${high}`;
    problems.push({
      path: pathOfAxis(axis ?? name, entry),
      message: `gives ${name} = ${values}, outside its domain ${formatDomain(domain)}`,
    });
  }
  return problems;
}

function pathOfAxis(axis: string, { schedule }: Pick<WrittenEntry, 'schedule'>): string[] {
  if (axis in SETTINGS) return [axis];
  return axis in schedule ? ['schedule', axis] : ['space', axis];
}

/** e.g. `adam`, `adam/pytorch` or `adam+lookahead`. */
function defaultLabel({ optimizer, variant, wrappers: around = [] }: WrittenEntry): string {
  const name = typeof optimizer === 'string' ? optimizer : optimizer.name;
  const suffix = variant === 'paper' ? '' : `/${variant}`;
  return [name + suffix, ...around].join('+');
}

function completeEntry(written: WrittenEntry): OptimizerEntry | Problem[] {
  const optimizer = findOptimizer(written);
  if ('message' in optimizer) return [optimizer];
  const space = expandSpace(written, optimizer);
  if (Array.isArray(space)) return space;
  const names = [
    ...clashProblems(written, optimizer),
    ...nameProblems(space, optimizer),
    ...groupProblems(written),
  ];
  if (names.length > 0) return names;

  const entry: OptimizerEntry = {
    ...written,
    label: written.label ?? defaultLabel(written),
    space,
    untuned: [],
  };
  entry.untuned = entrySpace(entry).untuned;
  const ranges = rangeProblems(entry, optimizer);
  return ranges.length > 0 ? ranges : entry;
}

/** One entry of a study's `optimizers`. */
export const entrySchema = writtenEntrySchema.transform((written, context): OptimizerEntry => {
  const entry = completeEntry(written);
  if (!Array.isArray(entry)) return entry;
  for (const { path, message } of entry) context.addIssue({ code: 'custom', path, message });
  return z.NEVER;
});
