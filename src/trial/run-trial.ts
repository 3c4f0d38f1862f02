import { basename, join } from 'node:path';
import type { Metrics, Trainer } from '../engine/types.js';
import { withDerived } from '../metrics/metrics.js';
import type { NewMeasurement } from '../store/store.js';
import type { TrialSettings } from '../study/trial-settings.js';
import {
  checkpointPath,
  readCheckpoint,
  type TrialProgress,
  writeCheckpoint,
} from './checkpoint-file.js';
import type { TrialJob, TrialMessage, TrialOutcome } from './messages.js';

/** A trial ready to train. */
export interface PreparedTrial {
  trainer: Trainer;
  /** Training steps in all. */
  steps: number;
  /** The step at which it pauses, a step of a measurement. Default: it trains to its end. */
  pauseAt?: number;
  /** Steps from one measurement to the next. */
  evaluateEvery: number;
  /** The splits to measure on. */
  splits: readonly EvaluatedSplit[];
  /** The metric that training lowers. */
  lossMetric: string;
  /** The trial is complete as soon as the metric on validation data is this or lower. */
  stopAt?: { metric: string; value: number };
  /** The trial is stopped where its best so far is above the limit, after the share `warmup` of its steps. */
  stopAbove?: TrialSettings['stopAbove'];
  /** The metric on validation data that the schedule is told. */
  watch?: string;
  /** Metrics to keep beside those that the trainer measures, where they follow from them. */
  derivedMetrics: readonly string[];
}

export type EvaluatedSplit = 'validation' | 'test';

export interface RunTrialOptions {
  send: (message: TrialMessage) => void;
  /** Stops the trial between two steps; it leaves a checkpoint. */
  signal: AbortSignal;
}

/** Wished seconds of one call to the engine: often enough to show life and progress. */
const CHUNK_SECONDS = 1;
const FIRST_CHUNK = 16;

/**
 * Trains a trial to its end, its pause, its divergence or a stop. After every `evaluateEvery` steps and at the end it measures
 * the metrics on validation and test data, and as the loss's metric on `train` the mean training loss since the last
 * measurement. What it measures does not depend on how often it was stopped.
 */
export async function runTrial(
  job: TrialJob,
  prepared: PreparedTrial,
  options: RunTrialOptions,
): Promise<TrialOutcome> {
  let progress: TrialProgress = { step: 0, lossSum: 0, lossCount: 0, seconds: 0 };
  if (job.checkpoint !== undefined) {
    try {
      const saved = await readCheckpoint(join(job.checkpointFolder, job.checkpoint));
      await prepared.trainer.restore(saved.engine);
      progress = saved.progress;
    } catch (error) {
      return { kind: 'checkpoint_lost', reason: (error as Error).message };
    }
  }
  return new TrialRun(job, prepared, options, progress).toEnd();
}

class TrialRun {
  readonly #job: TrialJob;
  readonly #prepared: PreparedTrial;
  readonly #options: RunTrialOptions;
  readonly #before: number;
  readonly #started = performance.now();
  #lossSum: number;
  #lossCount: number;
  /** Whether the last measurement reached what ends the trial. */
  #reached = false;
  /** The best measurement so far of what early stopping compares. */
  #best: number;
  #chunk = FIRST_CHUNK;
  #lastCheckpoint = performance.now();

  constructor(
    job: TrialJob,
    prepared: PreparedTrial,
    options: RunTrialOptions,
    { lossSum, lossCount, seconds, best }: TrialProgress,
  ) {
    this.#job = job;
    this.#prepared = prepared;
    this.#options = options;
    this.#before = seconds;
    this.#lossSum = lossSum;
    this.#lossCount = lossCount;
    this.#best = best ?? Number.POSITIVE_INFINITY;
  }

  get #seconds(): number {
    return this.#before + (performance.now() - this.#started) / 1000;
  }

  async toEnd(): Promise<TrialOutcome> {
    const { trainer, steps, pauseAt = steps } = this.#prepared;
    for (;;) {
      // Checked first, because a trial stopped during a measurement goes on with it.
      if (this.#isMeasurementDue()) {
        const problem = await this.#measure();
        if (problem !== undefined) return this.#infeasible(problem);
        if (this.#reached) return { kind: 'complete', seconds: this.#seconds };
        const reason = this.#outdone();
        if (reason !== undefined) return { kind: 'outdone', reason, seconds: this.#seconds };
        if (this.#options.signal.aborted) return this.#stop();
      }
      if (trainer.step >= steps) return { kind: 'complete', seconds: this.#seconds };
      if (trainer.step >= pauseAt) {
        await this.#checkpoint();
        return { kind: 'paused', seconds: this.#seconds };
      }
      if (this.#isCheckpointDue()) await this.#checkpoint();
      const problem = (await this.#train()) ?? this.#overdue();
      if (problem !== undefined) return this.#infeasible(problem);
      if (this.#options.signal.aborted) return this.#stop();
    }
  }

  /** Why it has taken longer than it may, if it has. */
  #overdue(): string | undefined {
    const { timeLimit = Number.POSITIVE_INFINITY } = this.#job;
    if (this.#seconds <= timeLimit || this.#options.signal.aborted) return undefined;
    return `took longer than the time limit of ${timeLimit} s, at step ${this.#prepared.trainer.step}`;
  }

  #infeasible(reason: string): TrialOutcome {
    return { kind: 'infeasible', reason, seconds: this.#seconds };
  }

  /** Why others did better until here, if they did; after the last step it no longer matters. */
  #outdone(): string | undefined {
    const { trainer, steps, stopAbove } = this.#prepared;
    const { step } = trainer;
    if (stopAbove === undefined || step >= steps || step < stopAbove.warmup * steps)
      return undefined;
    const limit = stopAbove.limits.find((at) => at.step === step)?.value;
    if (limit === undefined || this.#best <= limit) return undefined;
    const share = Number(((100 * step) / steps).toPrecision(3));
    return `stopped after ${share} % of the budget: its best ${stopAbove.metric} until there, ${this.#best}, is above the median ${limit}`;
  }

  /** Some steps, never beyond the next measurement. Returns why the trial is infeasible, if it is. */
  async #train(): Promise<string | undefined> {
    const { trainer, steps, pauseAt = steps, evaluateEvery } = this.#prepared;
    const next = Math.min(steps, (Math.floor(trainer.step / evaluateEvery) + 1) * evaluateEvery);
    const count = Math.min(this.#chunk, next - trainer.step);
    const { losses, diverged, step, seconds } = await trainer.train(count, {
      signal: this.#options.signal,
    });
    for (const loss of losses) this.#lossSum += loss;
    this.#lossCount += losses.length;
    if (diverged)
      return `diverged at step ${step}: the loss, gradient or parameters are not finite`;
    if (losses.length > 0 && seconds > 0) {
      this.#chunk = Math.max(1, Math.round((losses.length / seconds) * CHUNK_SECONDS));
    }
    this.#options.send({ kind: 'progress', step, steps: pauseAt });
    return undefined;
  }

  #isMeasurementDue(): boolean {
    const { trainer, steps, evaluateEvery } = this.#prepared;
    const { step } = trainer;
    return this.#lossCount > 0 && (step % evaluateEvery === 0 || step >= steps);
  }

  async #measure(): Promise<string | undefined> {
    const { trainer, splits, lossMetric, derivedMetrics, stopAt, watch } = this.#prepared;
    const { signal } = this.#options;
    const { step } = trainer;
    const measurements: NewMeasurement[] = [];
    const add = (split: NewMeasurement['split'], metric: string, value: number) =>
      measurements.push({ step, split, metric, value, seconds: this.#seconds });

    add('train', lossMetric, this.#lossSum / this.#lossCount);
    for (const split of splits) {
      const metrics = await this.#evaluate(split);
      if (metrics === undefined || signal.aborted) return undefined;
      for (const [metric, value] of Object.entries(withDerived(metrics.values, derivedMetrics))) {
        add(split, metric, value);
      }
    }
    this.#options.send({ kind: 'measured', measurements });
    if (watch !== undefined) trainer.observe(watched(measurements, watch));
    const compared = this.#prepared.stopAbove?.metric;
    if (compared !== undefined) this.#best = Math.min(this.#best, watched(measurements, compared));
    this.#reached = stopAt !== undefined && watched(measurements, stopAt.metric) <= stopAt.value;
    this.#lossSum = 0;
    this.#lossCount = 0;
    const bad = measurements.find((m) => m.split !== 'test' && !Number.isFinite(m.value));
    return bad && `diverged by step ${step}: ${bad.metric} on ${bad.split} data is ${bad.value}`;
  }

  /** Undefined when stopped. */
  async #evaluate(split: EvaluatedSplit): Promise<Metrics | undefined> {
    const { signal } = this.#options;
    try {
      return await this.#prepared.trainer.evaluate(split, { signal });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  #isCheckpointDue(): boolean {
    const sinceLast = (performance.now() - this.#lastCheckpoint) / 1000;
    return sinceLast >= this.#job.checkpointEvery && this.#prepared.trainer.step > 0;
  }

  async #checkpoint(): Promise<void> {
    const { trainer } = this.#prepared;
    const { step } = trainer;
    const path = checkpointPath(this.#job.checkpointFolder, this.#job.trial, step);
    const progress = {
      step,
      lossSum: this.#lossSum,
      lossCount: this.#lossCount,
      best: Number.isFinite(this.#best) ? this.#best : null,
      seconds: this.#seconds,
    };
    await writeCheckpoint(path, { progress, engine: await trainer.checkpoint() });
    this.#options.send({ kind: 'checkpointed', step, file: basename(path) });
    this.#lastCheckpoint = performance.now();
  }

  async #stop(): Promise<TrialOutcome> {
    if (this.#prepared.trainer.step > 0) await this.#checkpoint();
    return { kind: 'stopped' };
  }
}

function watched(measurements: readonly NewMeasurement[], metric: string): number {
  const found = measurements.find((m) => m.split === 'validation' && m.metric === metric);
  return found?.value ?? Number.NaN;
}
