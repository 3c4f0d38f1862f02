/** What the store keeps, and what the statistics and the report read. Plain data. */

export const TRIAL_STATES = [
  'waiting',
  'running',
  /** Trained as far as its stage goes, while others of the stage are not there yet. */
  'paused',
  'complete',
  /** Ended before its budget because others did better: its measurements go as far as it trained. */
  'stopped',
  /** Diverged: counts as the worst. */
  'infeasible',
  /** Its worker died or it threw, after every retry. */
  'failed',
] as const;

export type TrialState = (typeof TRIAL_STATES)[number];

/** How many trials are in each state. */
export function countStates(states: Iterable<TrialState>): Record<TrialState, number> {
  const none = TRIAL_STATES.map((state) => [state, 0]);
  const counts = Object.fromEntries(none) as Record<TrialState, number>;
  for (const state of states) counts[state]++;
  return counts;
}

export interface TrialKey {
  workload: string;
  /** The label of the optimizer entry in the study, e.g. `adam`. */
  optimizer: string;
  /** Index in its (workload, optimizer) sequence of points, from 0. */
  number: number;
  /** Repetition with another training seed, from 0. */
  repetition: number;
}

export interface Trial extends TrialKey {
  id: number;
  state: TrialState;
  reason: string | null;
  /** The sampled point by axis name, as sampled (`lr/epsilon`, `1-beta1`, …). */
  point: Record<string, number | string>;
  /** The hyperparameters derived from it (`lr`, `epsilon`, `beta1`, …). */
  hyperparameters: Record<string, number | string>;
  seed: string;
  /** Index of its stage in the search of its optimizer on its workload. */
  stage: number;
  attempts: number;
  /** Wall-clock seconds of training and evaluation. A timing: not part of a store's identity. */
  seconds: number;
}

/** A stage of the search of an optimizer on a workload: its trials were planned together. */
export interface StageRecord {
  workload: string;
  optimizer: string;
  /** From 0, over all levels of the search. */
  stage: number;
  /** Name of the protocol's level; levels are compared apart. Empty without a protocol. */
  level: string;
  kind: 'search' | 'final_runs';
  /** For people: why it is there. */
  reason: string;
  /** For people: what it led to; null while it runs. */
  outcome: string | null;
  /** Whether the level's earlier trials no longer count. */
  supersedes: boolean;
  /** The search space: axes by name, as the study file's are kept. */
  axes: Record<string, unknown>;
  sampler: string;
  /** Points, and how often each is run. */
  trials: number;
  repetitions: number;
  /** By axis name, where they depend on results. */
  points?: Record<string, number>[];
  /** Numbers of the earlier stage's trials that go on in this one; it has no others. */
  continues?: number[];
  /** The share of the budget that its trials train for; all of it when absent. */
  share?: number;
  /** A trial stops at the first of these steps at which its best so far is greater; none of it does when absent. */
  limits?: { step: number; value: number }[];
}

/** Tells the stages of a study apart. */
export const stageKey = ({
  workload,
  optimizer,
  stage,
}: Pick<StageRecord, 'workload' | 'optimizer' | 'stage'>): string =>
  JSON.stringify([workload, optimizer, stage]);

export interface Measurement {
  trial: number;
  step: number;
  split: 'train' | 'validation' | 'test';
  /** A name in `src/metrics/metrics.ts`. */
  metric: string;
  /** NaN and ±∞ allowed. */
  value: number;
  /** Seconds since the trial began. A timing. */
  seconds: number;
}

export interface StudyRecord {
  name: string;
  /** The whole validated study file, as JSON. */
  spec: unknown;
  /** Hash of the spec's parts that change results. */
  hash: string;
  machine: Record<string, string>;
  createdAt: string;
}

/** A study as a reader sees it. */
export interface StudyData {
  study: StudyRecord;
  /** Ordered by workload, optimizer and stage; none in stores made before there were stages. */
  stages: StageRecord[];
  trials: Trial[];
  measurements: Measurement[];
}
