import { z } from 'zod';
import { RECOMPUTE } from '../compiler/recompute.js';
import { optimizers } from '../optimizers/index.js';
import { findProtocol } from '../protocols/find-protocol.js';
import { type Protocol, protocolSchema } from '../protocols/protocol.js';
import { SAMPLERS, startingSequence } from '../sampler/search-space.js';
import { durationSchema } from './duration-schema.js';
import { earlyStoppingSchema } from './early-stopping-schema.js';
import {
  entrySchema,
  entrySpace,
  labelSchema,
  type OptimizerEntry,
  SETTINGS,
} from './entry-schema.js';
import { levelEntry, tunable } from './level-entry.js';
import { objectiveSchema } from './objective.js';

const MAX_TRIALS = 1_000_000;

/** A built-in protocol's name, the path of a protocol file, or a protocol written out. */
const protocolIn = (folder: string) =>
  z.unknown().transform((value, context): Protocol => {
    if (typeof value !== 'string') {
      const { success, data, error } = protocolSchema.safeParse(value);
      if (success) return data;
      for (const { path, message } of error.issues)
        context.addIssue({ code: 'custom', path, message });
      return z.NEVER;
    }
    try {
      return findProtocol(value, folder);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });

const writtenStudySchemaIn = (folder: string) =>
  z.strictObject({
    name: labelSchema,
    /** Keys every random number of the study. */
    seed: z.int().min(0).default(0),
    /** Names of built-in workloads, or paths of workload files, relative to the study file. */
    workloads: z.array(z.string().min(1)).min(1),
    optimizers: z.array(entrySchema).min(1),
    /** How every optimizer is tuned. Default: one stage over its space as it is. */
    protocol: protocolIn(folder).optional(),
    sampler: z.enum(SAMPLERS).default('sobol'),
    /** Points of a stage for each optimizer on each workload. A grid has as many as it has. */
    trials: z.int().min(1).max(MAX_TRIALS).optional(),
    /** Training runs of each point, each with its own seed. */
    repetitions: z.int().min(1).max(1000).default(1),
    /** Default: the workload's own. */
    budget: durationSchema.optional(),
    evaluate_every: durationSchema,
    objective: objectiveSchema,
    /** Default: every trial trains for its whole budget. */
    early_stopping: earlyStoppingSchema.optional(),
    /** Trials at once. Default: as many as there are cores for. */
    workers: z.int().min(1).max(1024).optional(),
    /** What the backward pass computes again to save memory; changes no result. */
    recompute: z.enum(RECOMPUTE).optional(),
    /** Compute threads of a trial. Results depend on it to the bit. */
    threads: z.int().min(1).max(1024).default(1),
    /** How often a trial whose worker died is tried again. */
    retries: z.int().min(0).max(100).default(2),
    /** Seconds of a trial's training and measurements after which it is infeasible. Default: none. */
    time_limit: z.number().positive().optional(),
    /** Seconds of silence after which a worker counts as hanging. */
    timeout: z.number().positive().default(600),
    /** Least seconds between two checkpoints of a trial. */
    checkpoint_every: z.number().min(0).default(30),
  });

type WrittenStudy = z.output<ReturnType<typeof writtenStudySchemaIn>>;

/** A checked study, with every default written out. Plain JSON data. */
export interface StudySpec extends Omit<WrittenStudy, 'trials'> {
  /** Points for each optimizer on each workload; less where its grid has fewer. */
  trials: number;
}

/** Top-level keys that change no trial's result, so that a study can go on when they change. */
export function freeToChange({
  protocol,
  sampler,
  objective,
  early_stopping,
}: StudySpec): readonly (keyof StudySpec)[] {
  // Later stages follow from what earlier ones were and led to.
  const isRead = protocol !== undefined || sampler === 'tpe' || early_stopping !== undefined;
  const counts = isRead ? [] : (['trials', 'repetitions'] as const);
  // The points of a Latin hypercube depend on how many there are.
  const own = counts.filter((key) => key !== 'trials' || sampler !== 'latin_hypercube');
  const isUsed = isRead || objective.target !== undefined;
  return [...ALWAYS_FREE, ...own, ...(isUsed ? [] : (['objective'] as const))];
}

const ALWAYS_FREE: readonly (keyof StudySpec)[] = [
  'name',
  'workers',
  'recompute',
  'retries',
  'timeout',
  'checkpoint_every',
];

interface Problem {
  path: (string | number)[];
  message: string;
}

function duplicates(values: readonly string[]): { value: string; index: number }[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) < index ? [{ value, index }] : [],
  );
}

function workloadProblems({ workloads, optimizers }: WrittenStudy): Problem[] {
  const twice = duplicates(workloads).map(({ index }) => ({
    path: ['workloads', index],
    message: 'this workload is listed twice',
  }));
  const unknown = optimizers.flatMap((entry, i) =>
    (entry.workloads ?? []).flatMap((name, j) => {
      if (workloads.includes(name)) return [];
      const message = `not one of the study's workloads (allowed: ${workloads.join(', ')})`;
      return [{ path: ['optimizers', i, 'workloads', j], message }];
    }),
  );
  return [...twice, ...unknown];
}

/** A label may stand once on each workload. */
function labelProblems({ workloads, optimizers }: WrittenStudy): Problem[] {
  const clashing = workloads.flatMap((workload) => {
    const here = optimizers.flatMap((entry, index) =>
      isOn(entry, workload) ? [{ label: entry.label, index }] : [],
    );
    return duplicates(here.map(({ label }) => label)).map(({ index }) => here[index]?.index ?? 0);
  });
  return [...new Set(clashing)].map((index) => ({
    path: ['optimizers', index],
    message: `another entry is called "${optimizers[index]?.label}" too; give this one a label of its own`,
  }));
}

function samplerProblems({ sampler, trials, optimizers }: WrittenStudy): Problem[] {
  if (sampler !== 'grid' && trials === undefined) {
    return [{ path: ['trials'], message: `is missing; the sampler "${sampler}" has no end` }];
  }
  return optimizers.flatMap((entry, index) => {
    const path = ['optimizers', index, 'space'];
    try {
      const { count } = entrySpace(entry).sequence(startingSequence(sampler), 0n, 1);
      if (count <= MAX_TRIALS || sampler !== 'grid') return [];
      return [{ path, message: `this grid has ${count} points; at most ${MAX_TRIALS} are run` }];
    } catch (error) {
      return [{ path, message: (error as Error).message }];
    }
  });
}

/** Whether an entry is compared on a workload. */
export function isOn(entry: OptimizerEntry, workload: string): boolean {
  return entry.workloads?.includes(workload) ?? true;
}

function largestGrid({ optimizers }: WrittenStudy): number {
  return Math.max(...optimizers.map((entry) => entrySpace(entry).sequence('grid', 0n, 1).count));
}

function protocolProblems({ protocol, sampler, optimizers: entries }: WrittenStudy): Problem[] {
  if (protocol === undefined) return [];
  const staged = protocol.levels
    .filter((level) => level.search.kind !== 'plain' && (level.sampler ?? sampler) === 'tpe')
    .map(({ name, search }) => ({
      path: ['sampler'],
      message: `level "${name}" of the protocol has a search of its own kind, "${search.kind}"; choose a sampler whose points do not depend on results`,
    }));
  const known = new Set(entries.flatMap(tunable));
  const unknown = protocol.levels.flatMap(({ name, tune }) =>
    (tune === 'all' ? [] : tune)
      .filter((wanted) => !known.has(wanted) && !isHyperparameter(wanted))
      .map((wanted) => ({
        path: ['protocol'],
        message: `level "${name}" tunes "${wanted}", which no optimizer of this study has`,
      })),
  );
  const misfits = entries.flatMap((entry, index) =>
    protocol.levels.flatMap((level): Problem[] => {
      try {
        levelEntry(entry, level);
        return [];
      } catch (error) {
        return [{ path: ['optimizers', index, 'space'], message: (error as Error).message }];
      }
    }),
  );
  return [...staged, ...unknown, ...misfits];
}

/** What early stopping cannot be combined with. */
function stoppingProblems(study: WrittenStudy): Problem[] {
  const { early_stopping, protocol, sampler, objective } = study;
  if (early_stopping === undefined) return [];
  const problem = (message: string) => [{ path: ['early_stopping'], message }];
  if (objective.target !== undefined)
    return problem('tells nothing of the way to a target, which no trial has before it is there');
  const samplers = [sampler, ...(protocol?.levels ?? []).map((level) => level.sampler)];
  if (samplers.includes('tpe'))
    return problem('needs points that do not depend on results; choose another sampler than tpe');
  const planned = protocol?.levels.find(({ search }) => search.kind !== 'plain');
  if (planned === undefined) return [];
  const { name, search } = planned;
  return problem(`does not go with level "${name}" of the protocol, a "${search.kind}" search`);
}

/** Of any optimizer: a protocol is written for more optimizers than a study has. */
function isHyperparameter(name: string): boolean {
  return name in SETTINGS || optimizers.some(({ hyperparameters }) => name in hyperparameters);
}

/**
 * A study file.
 * @param folder what paths of protocol files are relative to
 */
export const studySchemaIn = (folder: string) =>
  writtenStudySchemaIn(folder).transform((written, context): StudySpec => {
    const problems = [
      ...workloadProblems(written),
      ...labelProblems(written),
      ...samplerProblems(written),
      ...protocolProblems(written),
      ...stoppingProblems(written),
    ];
    for (const { path, message } of problems) context.addIssue({ code: 'custom', path, message });
    if (problems.length > 0) return z.NEVER;
    return { ...written, trials: written.trials ?? largestGrid(written) };
  });

/** A study in the working directory. */
export const studySchema = studySchemaIn('.');
