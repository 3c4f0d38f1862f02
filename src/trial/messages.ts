import type { NewMeasurement } from '../store/store.js';
import type { TrialSettings } from '../study/trial-settings.js';

/** One trial for a worker. */
export interface TrialJob {
  trial: number;
  settings: TrialSettings;
  /** Folder with the data sets' files, instead of searching for them. */
  dataFolder?: string;
  /** Folder for checkpoint files. */
  checkpointFolder: string;
  /** Least seconds between two checkpoints. */
  checkpointEvery: number;
  /** Seconds of training and measurements after which the trial is infeasible. */
  timeLimit?: number;
  /** File in `checkpointFolder` to go on from. */
  checkpoint?: string;
}

export type ToWorker = { kind: 'run'; job: TrialJob } | { kind: 'stop' };

/** What happens during a trial, in the order in which it must be stored. */
export type TrialMessage =
  | { kind: 'progress'; step: number; steps: number }
  | { kind: 'measured'; measurements: NewMeasurement[] }
  | { kind: 'checkpointed'; step: number; file: string };

/** How a worker's work on a trial ended. `seconds` are those of the trial, all its sittings together. */
export type TrialOutcome =
  | { kind: 'complete'; seconds: number }
  /** It is as far as its stage goes, and may go on from its checkpoint. */
  | { kind: 'paused'; seconds: number }
  /** Others did better at its step. */
  | { kind: 'outdone'; reason: string; seconds: number }
  /** It diverged, or took longer than it may. */
  | { kind: 'infeasible'; reason: string; seconds: number }
  /** It was asked to stop, and will go on from its checkpoint. */
  | { kind: 'stopped' }
  /** Its checkpoint cannot be used; it must begin again. */
  | { kind: 'checkpoint_lost'; reason: string }
  /** The engine threw. */
  | { kind: 'threw'; reason: string }
  /** The workload cannot be loaded or compiled: no trial of it can run. */
  | { kind: 'unprepared'; reason: string };

export type FromWorker =
  | { kind: 'ready' }
  | TrialMessage
  | { kind: 'ended'; outcome: TrialOutcome };
