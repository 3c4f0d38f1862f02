import {
  type Decision,
  type FinishedTrial,
  firstStage,
  type LevelContext,
  type Limit,
  nextStage,
  type Stage,
} from '../protocols/next-stage.js';
import { defineProtocol, type Level } from '../protocols/protocol.js';
import { halvedTrials } from '../protocols/successive-halving.js';
import { deriveKey } from '../random/derive-key.js';
import type { Axis } from '../sampler/axis.js';
import { type SamplerKind, startingSequence } from '../sampler/search-space.js';
import type { StageRecord } from '../store/records.js';
import type { EarlyStopping } from './early-stopping-schema.js';
import { axisDomain, entrySpace, type OptimizerEntry } from './entry-schema.js';
import { levelEntry, varyingAxes, withAxes } from './level-entry.js';
import type { Study } from './load-study.js';
import { isOn } from './study-schema.js';
import { type PlannedTrial, settingsOf, type TrialSettings, trialSeed } from './trial-settings.js';

/** A study without a protocol: one stage over every space as it is. */
const ONE_STAGE = defineProtocol({ name: 'one stage', levels: [{ name: '' }] });

/** A stage of a search with its trials. */
export interface PlannedStage {
  workload: string;
  /** The label of the optimizer entry. */
  optimizer: string;
  /** From 0, over all levels of the search. */
  index: number;
  /** Name of the protocol's level; empty without a protocol. */
  level: string;
  stage: Stage;
  trials: PlannedTrial[];
}

/** A stage and what came of its points, in their order. */
export interface FinishedPlan {
  planned: PlannedStage;
  results: FinishedTrial[];
}

/** The searches of a study, workload by workload. */
export function searchesOf(study: Study): Search[] {
  const { workloads, optimizers } = study.spec;
  return workloads.flatMap((workload) =>
    optimizers
      .filter((entry) => isOn(entry, workload))
      .map((entry) => new Search(study, workload, entry)),
  );
}

/** How many trials a level of a search takes. */
export interface TrialBounds {
  level: string;
  least: number;
  most: number;
  /** Trials' worth of training that early stopping saves of them, whatever the results. */
  saved: number;
}

interface SearchLevel {
  level: Level;
  entry: OptimizerEntry;
  context: LevelContext;
}

/** The tuning of one optimizer on one workload, stage by stage. */
export class Search {
  readonly workload: string;
  readonly entry: OptimizerEntry;
  readonly #study: Study;
  readonly #levels: SearchLevel[];

  /** @throws {RangeError} when a level of the protocol does not fit the entry */
  constructor(study: Study, workload: string, entry: OptimizerEntry) {
    this.workload = workload;
    this.entry = entry;
    this.#study = study;
    const { levels } = study.spec.protocol ?? ONE_STAGE;
    this.#levels = levels.map((level) => this.#level(level));
  }

  #level(level: Level): SearchLevel {
    const { spec } = this.#study;
    const entry = levelEntry(this.entry, level);
    const sampler = level.sampler ?? spec.sampler;
    const all = sampler === 'grid' ? Number.MAX_SAFE_INTEGER : spec.trials;
    const wanted = level.trials ?? (level.sampler === undefined ? spec.trials : all);
    const { count } = entrySpace(entry).sequence(startingSequence(sampler), 0n, wanted);
    const context: LevelContext = {
      level,
      axes: varyingAxes(entry),
      domain: (axis) => axisDomain(entry, axis),
      sampler,
      key: deriveKey(
        BigInt(spec.seed),
        `proposals ${this.workload}\n${entry.label}\n${level.name}`,
      ),
      trials: Math.min(wanted, count),
      repetitions: spec.repetitions,
      ...(spec.early_stopping && { earlyStopping: spec.early_stopping }),
    };
    return { level, entry, context };
  }

  /** Trials that each level will take, repetitions and final runs with them. */
  trialBounds(): TrialBounds[] {
    return this.#levels.map((of) => {
      const { level, context } = of;
      const { repetitions } = context;
      const { stage } = this.#plan(of, firstStage(context), []);
      const [least, most] = laterStages(level.search, context);
      const total = (points: number) => points * repetitions + level.final_runs;
      return {
        level: level.name,
        least: total(stage.trials + least),
        most: total(stage.trials + most),
        saved: repetitions * savedTrials(stage.trials, context.earlyStopping),
      };
    });
  }

  first(): PlannedStage {
    const level = this.#levels[0] as SearchLevel;
    return this.#plan(level, firstStage(level.context), []);
  }

  /** What follows from all finished stages of this search; without a next stage it has ended. */
  next(done: readonly FinishedPlan[]): Omit<Decision, 'next'> & { next?: PlannedStage } {
    const { planned } = done.at(-1) as FinishedPlan;
    const at = this.#levels.findIndex(({ level }) => level.name === planned.level);
    const here = this.#levels[at] as SearchLevel;
    const ofLevel = done.filter((stage) => stage.planned.level === planned.level);
    const { outcome, next } = nextStage(
      here.context,
      ofLevel.map((stage) => ({ stage: stage.planned.stage, trials: stage.results })),
    );
    if (next !== undefined) return { outcome, next: this.#plan(here, next, done) };
    const above = this.#levels[at + 1];
    if (above === undefined) return { outcome };
    return { outcome, next: this.#plan(above, firstStage(above.context), done) };
  }

  /** The stage after `done`, as a store recorded it. */
  again(record: StageRecord, done: readonly FinishedPlan[]): PlannedStage {
    const { kind, reason, supersedes, sampler, trials, repetitions } = record;
    const { points, continues, share, limits } = record;
    const level = this.#levels.find((own) => own.level.name === record.level) as SearchLevel;
    const axes = record.axes as Record<string, Axis>;
    const stage = {
      kind,
      reason,
      axes,
      supersedes,
      sampler: sampler as SamplerKind,
      trials,
      repetitions,
      ...(points && { points }),
      ...(continues && { continues }),
      ...(share !== undefined && { share }),
      ...(limits && { limits }),
    };
    return this.#plan(level, stage, done);
  }

  /** @param done the finished stages before it */
  #plan({ level, entry }: SearchLevel, stage: Stage, done: readonly FinishedPlan[]): PlannedStage {
    const { workload } = this;
    const index = done.length;
    const earlier = done.flatMap(({ planned }) => planned.trials);
    const place = { workload, optimizer: entry.label, index, level: level.name };
    if (stage.continues) {
      const trials = continued(stage, index, earlier);
      return { ...place, stage, trials };
    }
    const { part, ...whole } = stage;
    // The parts of a sequence share the key of the level's first stage.
    const first = done.findIndex(({ planned }) => planned.level === level.name);
    const points = stage.points ?? this.#points(entry, stage, part && first >= 0 ? first : index);
    const number = nextNumber(earlier);
    return {
      ...place,
      stage: { ...whole, trials: points.length, ...(part && { points }) },
      trials: this.#newTrials(entry, { ...stage, points }, { index, number }),
    };
  }

  /** The points of a stage's sampler; a grid may have fewer than asked for. */
  #points(
    entry: OptimizerEntry,
    { axes, sampler, trials, part = { from: 0, of: trials } }: Stage,
    keyIndex: number,
  ): Record<string, number>[] {
    const purpose = `points ${this.workload}\n${entry.label}${keyIndex === 0 ? '' : `\n${keyIndex}`}`;
    const key = deriveKey(BigInt(this.#study.spec.seed), purpose);
    const space = entrySpace(withAxes(entry, axes));
    const sequence = space.sequence(startingSequence(sampler), key, part.of);
    const count = Math.min(trials, sequence.count - part.from);
    return Array.from({ length: count }, (_, i) => space.at(sequence.point(part.from + i)).point);
  }

  #newTrials(
    entry: OptimizerEntry,
    { axes, points, share, limits, repetitions }: Stage & { points: Record<string, number>[] },
    { index, number: firstNumber }: { index: number; number: number },
  ): PlannedTrial[] {
    const { workload } = this;
    const { seed: studySeed } = this.#study.spec;
    const narrowed = withAxes(entry, axes);
    const space = entrySpace(narrowed);
    const { label, untuned } = narrowed;
    const trial = (i: number, repetition: number): PlannedTrial => {
      const point = points[i] as Record<string, number>;
      const { hyperparameters } = space.complete(point);
      const number = firstNumber + i;
      const seed = trialSeed(studySeed, { workload, number, repetition });
      return {
        workload,
        optimizer: label,
        stage: index,
        number,
        repetition,
        point,
        hyperparameters,
        seed,
        settings: {
          ...settingsOf(this.#study, workload, narrowed, hyperparameters, seed),
          ...(share !== undefined && { share }),
          ...(limits && { stopAbove: this.#stopAbove(limits) }),
        },
        untuned,
      };
    };
    return Array.from({ length: repetitions }, (_, repetition) =>
      points.map((_, i) => trial(i, repetition)),
    ).flat();
  }

  #stopAbove(limits: Limit[]): NonNullable<TrialSettings['stopAbove']> {
    const { objective, early_stopping: rule } = this.#study.spec;
    return {
      metric: objective.metric,
      limits,
      warmup: rule?.kind === 'median' ? rule.warmup : 0,
    };
  }
}

/** Trials are numbered on through all stages of a search. */
const nextNumber = (earlier: readonly PlannedTrial[]): number =>
  earlier.reduce((most, { number }) => Math.max(most, number + 1), 0);

/** The trials that go on in a stage, as the stage before has them but for how far they train. */
function continued(
  { continues = [], share }: Stage,
  index: number,
  earlier: readonly PlannedTrial[],
): PlannedTrial[] {
  return earlier
    .filter(({ number, stage }) => stage === index - 1 && continues.includes(number))
    .map(({ settings: { share: _, ...settings }, ...trial }) => ({
      ...trial,
      stage: index,
      settings: { ...settings, ...(share !== undefined && { share }) },
    }));
}

function savedTrials(points: number, rule: EarlyStopping | undefined): number {
  return rule?.kind === 'successive_halving' ? points - halvedTrials(rule, points) : 0;
}

/** Points of the stages after the first, final runs aside. */
function laterStages(
  search: Level['search'],
  context: LevelContext,
): [least: number, most: number] {
  const { trials } = context;
  switch (search.kind) {
    case 'plain': {
      const proposed = trials - firstStage(context).trials;
      return [proposed, proposed];
    }
    case 'narrow':
      return [trials, trials * search.rounds];
    case 'extend':
      return [0, search.points * search.rounds];
  }
}
