import { availableParallelism } from 'node:os';
import { dirname, join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Trial, TrialState } from '../store/records.js';
import { openStoreToWrite } from '../store/sqlite-store.js';
import type { NewMeasurement, NewStudy, Store } from '../store/store.js';
import { type Study, storedSpec, studyHash } from '../study/load-study.js';
import { type PlannedTrial, planTrials } from '../study/plan-trials.js';
import { FREE_TO_CHANGE } from '../study/study-schema.js';
import { describeMachine } from './describe-machine.js';
import type { TrialJob, TrialMessage, TrialOutcome } from './messages.js';
import { ProgressTracker, type StudyProgress } from './study-progress.js';
import { TrialWorker, type WorkerDeath } from './trial-worker.js';

export interface RunStudyOptions {
  /** Default: `defaultDatabasePath(study)`. */
  databasePath?: string;
  /** Trials at once. Default: the study's, else as many as there are cores for. */
  workers?: number;
  /** Stops the study: trials stop between two steps and go on from there at the next call. */
  signal?: AbortSignal;
  onEvent?: (event: StudyEvent) => void;
  /** Folder with the data sets' files, instead of searching for them. */
  dataFolder?: string;
  /** Tries trials again that failed in an earlier call. */
  retryFailed?: boolean;
  /** Module of the worker processes. Default: optcmp's own. */
  workerScript?: string;
}

export type StudyEvent = { progress: StudyProgress } & (
  | { kind: 'study_started'; databasePath: string; workers: number }
  | { kind: 'trial_started'; trial: Trial; resumed: boolean }
  | { kind: 'trial_progress'; trial: Trial; step: number; steps: number }
  | { kind: 'measured'; trial: Trial; measurements: NewMeasurement[] }
  | { kind: 'trial_finished'; trial: Trial }
  /** Its worker died, or its checkpoint was lost; it will run again. */
  | { kind: 'trial_retried'; trial: Trial; reason: string }
  | { kind: 'trial_interrupted'; trial: Trial }
);

type EventBody = StudyEvent extends infer E
  ? E extends unknown
    ? Omit<E, 'progress'>
    : never
  : never;

export interface StudySummary {
  databasePath: string;
  total: number;
  counts: Record<TrialState, number>;
  /** Whether the signal stopped it before every trial was done. */
  aborted: boolean;
  seconds: number;
}

/** `optcmp-results/NAME.sqlite` in the working directory, NAME being the study file's. */
export function defaultDatabasePath(study: Study): string {
  return join('optcmp-results', `${parse(study.path).name}.sqlite`);
}

/**
 * Runs a study, or goes on with it: every trial in a worker process, every measurement into the database as it comes.
 * What the database ends up holding, timings aside, does not depend on the number of workers or on interruptions.
 * @throws {StoreError} when the database is another study's, damaged or in use by another process
 * @throws {Error} when a workload cannot be loaded or workers do not start
 */
export async function runStudy(study: Study, options: RunStudyOptions = {}): Promise<StudySummary> {
  const databasePath = options.databasePath ?? defaultDatabasePath(study);
  const store = await openStoreToWrite(databasePath, newStudy(study));
  try {
    return await new StudyRun(study, store, databasePath, options).run();
  } finally {
    await store.close();
  }
}

function newStudy(study: Study): NewStudy {
  return {
    name: study.spec.name,
    spec: storedSpec(study),
    hash: studyHash(study),
    freeToChange: FREE_TO_CHANGE,
    machine: describeMachine(),
  };
}

interface WaitingTrial {
  plan: PlannedTrial;
  trial: Trial;
}

class StudyRun {
  readonly #study: Study;
  readonly #store: Store;
  readonly #databasePath: string;
  readonly #options: RunStudyOptions;
  readonly #script: string;
  /** Ends the run when something is wrong that no retry can help. */
  readonly #fatal = new AbortController();
  readonly #signal: AbortSignal;
  readonly #waiting: WaitingTrial[] = [];
  #tracker = new ProgressTracker([]);

  constructor(study: Study, store: Store, databasePath: string, options: RunStudyOptions) {
    this.#study = study;
    this.#store = store;
    this.#databasePath = databasePath;
    this.#options = options;
    this.#script =
      options.workerScript ?? join(dirname(fileURLToPath(import.meta.url)), 'worker.js');
    this.#signal = AbortSignal.any([options.signal ?? this.#fatal.signal, this.#fatal.signal]);
  }

  async run(): Promise<StudySummary> {
    if (this.#options.retryFailed) await this.#store.retryFailed();
    const plans = planTrials(this.#study);
    const trials = await this.#store.addTrials(plans);
    this.#tracker = new ProgressTracker(trials);
    plans.forEach((plan, i) => {
      const trial = trials[i] as Trial;
      if (trial.state === 'waiting') this.#waiting.push({ plan, trial });
    });

    const workers = Math.min(this.#workers(), this.#waiting.length);
    this.#emit({ kind: 'study_started', databasePath: this.#databasePath, workers });
    const lanes = Array.from({ length: workers }, () => this.#lane());
    const ends = await Promise.allSettled(lanes);
    const failure = ends.find((end) => end.status === 'rejected');
    if (failure !== undefined) throw failure.reason;

    const { total, counts, secondsElapsed } = this.#tracker.now();
    return {
      databasePath: this.#databasePath,
      total,
      counts,
      aborted: counts.waiting > 0,
      seconds: secondsElapsed,
    };
  }

  #workers(): number {
    const { workers, threads } = this.#study.spec;
    const fitting = Math.max(1, Math.floor(availableParallelism() / threads));
    return this.#options.workers ?? workers ?? fitting;
  }

  #emit(body: EventBody): void {
    if (this.#options.onEvent === undefined) return;
    // A copy, because ours goes on changing.
    const event = 'trial' in body ? { ...body, trial: { ...body.trial } } : body;
    this.#options.onEvent({ ...event, progress: this.#tracker.now() });
  }

  /** One worker process after another, one trial after another. */
  async #lane(): Promise<void> {
    let worker: TrialWorker | undefined;
    try {
      while (!this.#signal.aborted) {
        const next = this.#waiting.shift();
        if (next === undefined) return;
        if (!worker?.isAlive) {
          worker = await TrialWorker.start(this.#script, this.#study.spec.timeout);
        }
        await this.#runOn(worker, next);
      }
    } catch (error) {
      this.#fatal.abort();
      throw error;
    } finally {
      await worker?.kill();
    }
  }

  async #runOn(worker: TrialWorker, next: WaitingTrial): Promise<void> {
    const { trial } = next;
    const checkpoint = await this.#store.findCheckpoint(trial.id);
    await this.#store.start(trial.id);
    this.#changed(trial, { state: 'running', reason: null });
    this.#emit({ kind: 'trial_started', trial, resumed: checkpoint !== undefined });

    const job: TrialJob = {
      trial: trial.id,
      settings: next.plan.settings,
      checkpointFolder: this.#store.checkpointFolder,
      checkpointEvery: this.#study.spec.checkpoint_every,
      ...(checkpoint && { checkpoint: checkpoint.file }),
      ...(this.#options.dataFolder !== undefined && { dataFolder: this.#options.dataFolder }),
    };
    const outcome = await worker.run(job, {
      onMessage: (message) => this.#onMessage(trial, message),
      signal: this.#signal,
    });
    await this.#onOutcome(next, outcome);
  }

  async #onMessage(trial: Trial, message: TrialMessage): Promise<void> {
    switch (message.kind) {
      case 'progress': {
        const { step, steps } = message;
        this.#tracker.advance(trial.id, step / steps);
        this.#emit({ kind: 'trial_progress', trial, step, steps });
        return;
      }
      case 'measured': {
        const { measurements } = message;
        await this.#store.record(trial.id, measurements);
        this.#emit({ kind: 'measured', trial, measurements });
        return;
      }
      case 'checkpointed':
        await this.#store.checkpoint({ trial: trial.id, step: message.step, file: message.file });
    }
  }

  async #onOutcome(next: WaitingTrial, outcome: TrialOutcome | WorkerDeath): Promise<void> {
    const { trial } = next;
    switch (outcome.kind) {
      case 'complete':
        return this.#finish(trial, 'complete', null, outcome.seconds);
      case 'infeasible':
        return this.#finish(trial, 'infeasible', outcome.reason, outcome.seconds);
      case 'stopped':
        return this.#interrupted(trial);
      case 'checkpoint_lost':
        await this.#store.restart(trial.id);
        return this.#again(next, outcome.reason);
      case 'died':
        // It had to be killed because it did not stop when asked to.
        if (this.#signal.aborted) return this.#interrupted(trial);
        return this.#onFailedAttempt(next, outcome.reason);
      case 'threw':
        return this.#onFailedAttempt(next, outcome.reason);
      case 'unprepared':
        await this.#store.interrupt(trial.id);
        throw new Error(`${trial.workload} with ${trial.optimizer}: ${outcome.reason}`);
    }
  }

  async #interrupted(trial: Trial): Promise<void> {
    await this.#store.interrupt(trial.id);
    this.#changed(trial, { state: 'waiting' });
    this.#emit({ kind: 'trial_interrupted', trial });
  }

  async #onFailedAttempt(next: WaitingTrial, reason: string): Promise<void> {
    const { trial } = next;
    if (trial.attempts >= this.#study.spec.retries) {
      return this.#finish(trial, 'failed', reason, 0);
    }
    await this.#store.failAttempt(trial.id, reason);
    trial.attempts++;
    this.#again(next, reason);
  }

  #again(next: WaitingTrial, reason: string): void {
    this.#changed(next.trial, { state: 'waiting', reason });
    this.#waiting.unshift(next);
    this.#emit({ kind: 'trial_retried', trial: next.trial, reason });
  }

  async #finish(
    trial: Trial,
    state: 'complete' | 'infeasible' | 'failed',
    reason: string | null,
    seconds: number,
  ): Promise<void> {
    await this.#store.finish(trial.id, { state, reason, seconds });
    this.#changed(trial, { state, reason, seconds, attempts: trial.attempts + 1 });
    this.#emit({ kind: 'trial_finished', trial });
  }

  /** Keeps our copy of a trial as the store has it. */
  #changed(trial: Trial, changes: Partial<Trial> & { state: TrialState }): void {
    Object.assign(trial, changes);
    this.#tracker.move(trial.id, changes.state);
  }
}
