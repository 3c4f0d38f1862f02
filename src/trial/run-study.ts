import { dirname, join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FinishedTrial } from '../protocols/index.js';
import { stoppedReason } from '../protocols/successive-halving.js';
import { type StageRecord, stageKey, type Trial, type TrialState } from '../store/records.js';
import { openStoreToWrite } from '../store/sqlite-store.js';
import type { FinalState, NewMeasurement, NewStudy, Store } from '../store/store.js';
import { type Study, storedSpec, studyHash } from '../study/load-study.js';
import { objectiveScore } from '../study/objective.js';
import { inTurn } from '../study/plan-trials.js';
import { type FinishedPlan, type PlannedStage, type Search, searchesOf } from '../study/search.js';
import { freeToChange } from '../study/study-schema.js';
import type { PlannedTrial } from '../study/trial-settings.js';
import { describeMachine } from './describe-machine.js';
import type { TrialJob, TrialMessage, TrialOutcome } from './messages.js';
import { ProgressTracker, type StudyProgress } from './study-progress.js';
import { TrialWorker, type WorkerDeath } from './trial-worker.js';
import { workerCount } from './worker-count.js';

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
  /** It is as far as its stage goes; the others of the stage decide whether it goes on. */
  | { kind: 'trial_paused'; trial: Trial }
  /** Its worker died, or its checkpoint was lost; it will run again. */
  | { kind: 'trial_retried'; trial: Trial; reason: string }
  | { kind: 'trial_interrupted'; trial: Trial }
  /** A search goes on as its protocol says. */
  | { kind: 'stage_started'; stage: StageRecord }
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
    freeToChange: freeToChange(study.spec),
    machine: describeMachine(),
  };
}

interface WaitingTrial {
  plan: PlannedTrial;
  trial: Trial;
  search: RunningSearch;
}

/** A search, as far as this run has brought it. */
interface RunningSearch {
  search: Search;
  done: FinishedPlan[];
  /** The stage whose trials are waiting or running; undefined once the search has ended. */
  stage: PlannedStage | undefined;
  /** Its trials, in the plan's order. */
  trials: Trial[];
}

/** Whether a trial is as far as a stage wants it; what waits or runs may be in a later stage already. */
const isDoneIn = ({ state, stage }: Trial, { index }: PlannedStage) =>
  stage > index || (state !== 'waiting' && state !== 'running');

function stageRecord(
  { workload, optimizer, index, level, stage }: PlannedStage,
  outcome: string | null,
): StageRecord {
  return { workload, optimizer, level, outcome, ...stage, stage: index };
}

/** NaN of none. */
const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

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
  /** Stages that earlier runs of the study came to. */
  readonly #recorded = new Map<string, StageRecord>();
  /** Trials that a lane is at. */
  #running = 0;
  /** Lanes that wait for another's trial to lead to more. */
  readonly #idle: (() => void)[] = [];
  readonly #tracker = new ProgressTracker([]);

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
    for (const stage of await this.#store.stages()) this.#recorded.set(stageKey(stage), stage);
    const searches = searchesOf(this.#study).map(
      (search): RunningSearch => ({ search, done: [], stage: search.first(), trials: [] }),
    );
    await this.#begin(searches);

    const workers = Math.min(
      workerCount(this.#study.spec, this.#options.workers),
      Math.max(1, this.#waiting.length),
    );
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

  /** Queues the trials of the stages that these searches are at, and of those that follow where all are finished. */
  async #begin(searches: readonly RunningSearch[]): Promise<void> {
    const plans = inTurn(searches.map(({ stage }) => stage?.trials ?? []));
    const trials = await this.#store.addTrials(plans);
    this.#tracker.add(trials);
    const found = new Map(plans.map((plan, i) => [plan, trials[i] as Trial]));
    for (const running of searches) {
      running.trials = (running.stage?.trials ?? []).map((plan) => found.get(plan) as Trial);
      await this.#recordStage(running, null);
      await this.#proceed(running);
    }
    const bySearch = new Map(
      searches.flatMap((search) => (search.stage?.trials ?? []).map((plan) => [plan, search])),
    );
    for (const plan of plans) {
      const trial = found.get(plan) as Trial;
      const search = bySearch.get(plan) as RunningSearch;
      const isHere = trial.state === 'waiting' && trial.stage === plan.stage;
      if (isHere) this.#waiting.push({ plan, trial, search });
    }
    for (const running of searches) await this.#advance(running);
  }

  /** Paused trials of the stage before go on in this one. */
  async #proceed({ stage, trials }: RunningSearch): Promise<void> {
    if (stage?.stage.continues === undefined) return;
    for (const trial of trials) {
      if (trial.state !== 'paused' || trial.stage === stage.index) continue;
      await this.#store.proceed(trial.id, stage.index);
      this.#changed(trial, { state: 'waiting', stage: stage.index });
    }
  }

  /** Paused trials that do not go on have been stopped early. */
  async #stopOthers(
    { stage }: PlannedStage,
    trials: readonly Trial[],
    next: PlannedStage | undefined,
  ): Promise<void> {
    const goingOn = new Set(next?.stage.continues);
    const reason = stoppedReason(stage);
    for (const trial of trials) {
      if (trial.state !== 'paused' || goingOn.has(trial.number)) continue;
      await this.#store.stop(trial.id, reason);
      this.#changed(trial, { state: 'stopped', reason, attempts: trial.attempts + 1 });
      this.#emit({ kind: 'trial_finished', trial });
    }
  }

  /** On to the next stage when every trial of this one is done there. */
  async #advance(running: RunningSearch): Promise<void> {
    const { search, stage: planned, trials, done } = running;
    if (planned === undefined || trials.some((trial) => !isDoneIn(trial, planned))) return;
    done.push({ planned, results: await this.#results(planned, trials) });
    const { outcome, next } = search.next(done);
    await this.#recordStage(running, outcome);
    const { workload, optimizer } = planned;
    // A decision once made stands, even if a failed trial behind it was tried again.
    const made = this.#recorded.get(stageKey({ workload, optimizer, stage: done.length }));
    running.stage = made === undefined ? next : search.again(made, done);
    await this.#stopOthers(planned, trials, running.stage);
    if (running.stage === undefined) return;
    await this.#begin([running]);
  }

  async #recordStage({ stage: planned }: RunningSearch, outcome: string | null): Promise<void> {
    if (planned === undefined) return;
    const record = stageRecord(planned, outcome);
    await this.#store.recordStage(record);
    if (outcome === null && planned.index > 0) this.#emit({ kind: 'stage_started', stage: record });
  }

  /** What came of each point of a stage: the mean over its repetitions. */
  async #results(planned: PlannedStage, trials: readonly Trial[]): Promise<FinishedTrial[]> {
    const { objective } = this.#study.spec;
    const curves = await this.#store.validationCurves(
      objective.metric,
      trials.map(({ id }) => id),
    );
    const runs = new Map<number, Trial[]>();
    for (const trial of trials) runs.set(trial.number, [...(runs.get(trial.number) ?? []), trial]);
    const points = new Map(planned.trials.map(({ number, point }) => [number, point]));
    const curveOf = ({ id }: Trial) => curves.get(id) ?? [];
    return [...points].map(([number, point]): FinishedTrial => {
      const own = runs.get(number) ?? [];
      const scores = own.map((trial) => objectiveScore(objective, trial.state, curveOf(trial)));
      return {
        number,
        point,
        score: mean(scores.filter((score) => !Number.isNaN(score))),
        stopped: own.some(({ state }) => state === 'stopped'),
        curves: own.filter(({ state }) => state === 'complete').map(curveOf),
      };
    });
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
        const next = await this.#next();
        if (next === undefined) return;
        if (!worker?.isAlive) {
          worker = await TrialWorker.start(this.#script, this.#study.spec.timeout);
        }
        this.#running++;
        try {
          await this.#runOn(worker, next);
          await this.#advance(next.search);
        } finally {
          this.#running--;
          this.#wakeIdle();
        }
      }
    } catch (error) {
      this.#fatal.abort();
      throw error;
    } finally {
      await worker?.kill();
    }
  }

  /** The next trial; none when no running one can lead to more. */
  async #next(): Promise<WaitingTrial | undefined> {
    while (!this.#signal.aborted) {
      const next = this.#waiting.shift();
      if (next !== undefined || this.#running === 0) return next;
      await new Promise<void>((wake) => this.#idle.push(wake));
    }
    return undefined;
  }

  #wakeIdle(): void {
    for (const wake of this.#idle.splice(0)) wake();
  }

  async #runOn(worker: TrialWorker, next: WaitingTrial): Promise<void> {
    const { trial } = next;
    const checkpoint = await this.#store.findCheckpoint(trial.id);
    await this.#store.start(trial.id);
    this.#changed(trial, { state: 'running', reason: null });
    this.#emit({ kind: 'trial_started', trial, resumed: checkpoint !== undefined });

    const { time_limit } = this.#study.spec;
    const job: TrialJob = {
      trial: trial.id,
      settings: next.plan.settings,
      checkpointFolder: this.#store.checkpointFolder,
      checkpointEvery: this.#study.spec.checkpoint_every,
      ...(time_limit !== undefined && { timeLimit: time_limit }),
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
      case 'paused':
        return this.#pause(trial, outcome.seconds);
      case 'outdone':
        return this.#finish(trial, 'stopped', outcome.reason, outcome.seconds);
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

  async #pause(trial: Trial, seconds: number): Promise<void> {
    await this.#store.pause(trial.id, seconds);
    this.#changed(trial, { state: 'paused', seconds });
    this.#emit({ kind: 'trial_paused', trial });
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
    state: FinalState,
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
