import type { Domain } from '../optimizers/hyperparameter.js';
import type { Axis } from '../sampler/axis.js';
import type { SamplerKind } from '../sampler/search-space.js';
import type { EarlyStopping } from '../study/early-stopping-schema.js';
import { extendGrid } from './extend-grid.js';
import { firstBatch, nextBatch } from './median-rule.js';
import { narrowSpace } from './narrow-space.js';
import { proposeBatch, startModel } from './propose-batch.js';
import type { Level } from './protocol.js';
import { firstRung, nextRung } from './successive-halving.js';

/** A finished trial, as a protocol sees it. */
export interface FinishedTrial {
  /** In its search; a trial that goes on in a later stage keeps it. */
  number: number;
  /** By axis name. */
  point: Readonly<Record<string, number>>;
  /** Lower is better; +∞ when infeasible, NaN when nobody knows. */
  score: number;
  /** Whether it was stopped before its budget. */
  stopped?: boolean;
  /** What was measured of the objective's metric, of each of its repetitions that ran to the end. */
  curves?: readonly (readonly Limit[])[];
}

/** A value of the objective's metric on validation data at a step. */
export interface Limit {
  step: number;
  value: number;
}

/** Trials that are planned together. */
export interface Stage {
  kind: 'search' | 'final_runs';
  /** For people: why this stage is there. */
  reason: string;
  /** The axes that vary, by name; in final runs, their fixed values. */
  axes: Record<string, Axis>;
  sampler: SamplerKind;
  trials: number;
  repetitions: number;
  /** By axis name; those of the sampler when absent. */
  points?: Record<string, number>[];
  /** Numbers of the trials of the stage before that go on in this one; it has no others. */
  continues?: number[];
  /** The share of the budget that its trials train for; all of it when absent. */
  share?: number;
  /** A trial stops at the first of these steps at which its best so far is greater. */
  limits?: Limit[];
  /** Its points are those of the `of` points of the sampler, from `from`; once planned they are in `points`. */
  part?: { from: number; of: number };
  /** Whether the level's earlier trials no longer count. */
  supersedes: boolean;
}

export interface FinishedStage {
  stage: Stage;
  trials: readonly FinishedTrial[];
}

/** What a finished stage led to. */
export interface Decision {
  /** For people, e.g. `accepted: the best trial is away from every boundary`. */
  outcome: string;
  next?: Stage;
}

/** What a level's stages start from. */
export interface LevelContext {
  level: Level;
  /** The axes that vary, by name. */
  axes: Readonly<Record<string, Axis>>;
  /** What the values of an axis may be. */
  domain: (axis: string) => Domain;
  sampler: SamplerKind;
  /** Of what a sampler draws that depends on results. */
  key: bigint;
  /** Points of a stage; all of a grid when it has fewer. */
  trials: number;
  repetitions: number;
  earlyStopping?: EarlyStopping;
}

/** The first stage of a level. */
export function firstStage(context: LevelContext): Stage {
  const { sampler, earlyStopping } = context;
  if (sampler === 'tpe') return startModel(context);
  const stage = wholeSpace(context);
  switch (earlyStopping?.kind) {
    case undefined:
      return stage;
    case 'median':
      return firstBatch(earlyStopping, stage);
    case 'successive_halving':
      return firstRung(earlyStopping, stage);
  }
}

function wholeSpace({ level, axes, sampler, trials, repetitions }: LevelContext): Stage {
  const { search } = level;
  const isWide = search.kind === 'narrow';
  const wide = isWide ? (search.wide_trials ?? trials) : trials;
  return {
    kind: 'search',
    reason: isWide ? 'the wide space' : 'the space as stated',
    axes: { ...axes },
    sampler,
    trials: wide,
    repetitions,
    supersedes: false,
  };
}

/**
 * What follows from the finished stages of a level. Depends on the trials' scores alone, so it is the same whenever it
 * is asked.
 * @param done at least one, in the order in which they ran
 */
export function nextStage(context: LevelContext, done: readonly FinishedStage[]): Decision {
  const last = done.at(-1) as FinishedStage;
  if (last.stage.kind === 'final_runs') return { outcome: 'done' };
  const decision = searchOn(context, done);
  if (decision.next !== undefined) return decision;
  const runs = finalRuns(context, done);
  return runs === undefined ? decision : { ...decision, next: runs };
}

function searchOn(context: LevelContext, done: readonly FinishedStage[]): Decision {
  const { search } = context.level;
  switch (search.kind) {
    case 'plain':
      return plainSearch(context, done);
    case 'narrow':
      return narrowSpace(search, context, done);
    case 'extend':
      return extendGrid(search, context, done);
  }
}

function plainSearch(context: LevelContext, done: readonly FinishedStage[]): Decision {
  const { sampler, trials, earlyStopping } = context;
  switch (earlyStopping?.kind) {
    case undefined:
      return sampler === 'tpe' ? proposeBatch(context, done) : { outcome: 'done' };
    case 'median':
      return nextBatch(earlyStopping, trials, done);
    case 'successive_halving':
      return nextRung(earlyStopping, done);
  }
}

/** The trials that count: those of the last stage that takes the place of the ones before it, and of all after it. */
export function countingTrials(done: readonly FinishedStage[]): FinishedTrial[] {
  const searches = done.filter(({ stage }) => stage.kind === 'search');
  const first = searches.findLastIndex(({ stage }) => stage.supersedes || stage.continues);
  return searches.slice(Math.max(0, first)).flatMap(({ trials }) => [...trials]);
}

/** The best first, the earliest of equals; infeasible ones are left out. */
export function ranked(trials: readonly FinishedTrial[]): FinishedTrial[] {
  return trials
    .filter(({ score }) => Number.isFinite(score))
    .map((trial, index) => ({ trial, index }))
    .sort((a, b) => a.trial.score - b.trial.score || a.index - b.index)
    .map(({ trial }) => trial);
}

function finalRuns(
  { level, sampler }: LevelContext,
  done: readonly FinishedStage[],
): Stage | undefined {
  const best = ranked(countingTrials(done)).find(({ stopped }) => !stopped);
  if (level.final_runs === 0 || best === undefined) return undefined;
  return {
    kind: 'final_runs',
    reason: `the best point again with ${level.final_runs} fresh seeds`,
    axes: Object.fromEntries(
      Object.entries(best.point).map(([name, value]) => [name, { kind: 'fixed', value }]),
    ),
    sampler,
    trials: 1,
    points: [{ ...best.point }],
    repetitions: level.final_runs,
    supersedes: false,
  };
}
