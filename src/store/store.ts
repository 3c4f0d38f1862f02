import type { Measurement, StageRecord, StudyData, Trial, TrialKey } from './records.js';

/** A trial as planned, before it has an id and a state. */
export interface NewTrial extends TrialKey {
  point: Record<string, number | string>;
  hyperparameters: Record<string, number | string>;
  /** Unsigned 64 bit, in decimal. */
  seed: string;
  /** Index of its stage in the search. */
  stage: number;
}

/** What a store is opened for. */
export interface NewStudy {
  name: string;
  /** The whole study, as JSON data. */
  spec: Record<string, unknown>;
  /** Hash of all of `spec` but the keys in `freeToChange`. */
  hash: string;
  /** Top-level keys of `spec` that may differ when a study is opened again. */
  freeToChange: readonly string[];
  machine: Record<string, string>;
}

export type NewMeasurement = Omit<Measurement, 'trial'>;

/** A file from which a trial goes on. */
export interface CheckpointRecord {
  trial: number;
  /** Steps done when it was written. */
  step: number;
  /** File name in the store's checkpoint folder. */
  file: string;
}

export type FinalState = 'complete' | 'stopped' | 'infeasible' | 'failed';

/** The reading side of a store; any number of processes may read while one writes. */
export interface StoreReader {
  read(): Promise<StudyData>;
  stages(): Promise<StageRecord[]>;
  /** The measurements of a metric on validation data, by step, of each of these trials that has any. */
  validationCurves(
    metric: string,
    trials: readonly number[],
  ): Promise<Map<number, { step: number; value: number; seconds: number }[]>>;
  /**
   * Everything that the study file and its seed determine, one line a row in a fixed order: two runs of a study are
   * the same exactly when their lines are. Leaves out timings, the machine and what is still running.
   */
  identity(): Promise<string[]>;
  close(): Promise<void>;
}

/** The writing side: one process at a time. Every call is one transaction. */
export interface Store extends StoreReader {
  /** Folder of the checkpoint files. It exists. */
  readonly checkpointFolder: string;
  /** Adds the trials that are not there, in the order given; returns all of those asked for, in that order. */
  addTrials(trials: readonly NewTrial[]): Promise<Trial[]>;
  /** Adds a stage, or changes what is known of it. */
  recordStage(stage: StageRecord): Promise<void>;
  /** waiting → running. */
  start(trial: number): Promise<void>;
  /** Adds measurements of a running trial; one that is already there is replaced. */
  record(trial: number, measurements: readonly NewMeasurement[]): Promise<void>;
  /** The trial's latest checkpoint becomes this one; the one before is deleted. */
  checkpoint(record: CheckpointRecord): Promise<void>;
  findCheckpoint(trial: number): Promise<CheckpointRecord | undefined>;
  /** running → waiting; measurements after the last checkpoint are forgotten. */
  interrupt(trial: number): Promise<void>;
  /** running → paused; its checkpoint stays. */
  pause(trial: number, seconds: number): Promise<void>;
  /** paused → waiting in a later stage; one that is not paused, or is in that stage already, stays as it is. */
  proceed(trial: number, stage: number): Promise<void>;
  /** paused → stopped; its checkpoint is deleted. */
  stop(trial: number, reason: string): Promise<void>;
  /** running → waiting, with nothing measured and no checkpoint. */
  restart(trial: number): Promise<void>;
  /** As `interrupt`, and the attempt counts as a failed one. */
  failAttempt(trial: number, reason: string): Promise<void>;
  /** running → a final state; its checkpoint is deleted. */
  finish(
    trial: number,
    outcome: { state: FinalState; reason: string | null; seconds: number },
  ): Promise<void>;
  /** failed → waiting, with its attempts at 0 and nothing measured. Returns how many. */
  retryFailed(): Promise<number>;
}

/** What went wrong with a store, where, and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
