import { countStates, type Trial, type TrialState } from '../store/records.js';

/** How far a study is. */
export interface StudyProgress {
  total: number;
  counts: Record<TrialState, number>;
  /** Since this run of the study began. */
  secondsElapsed: number;
  /** Estimated from the trials of this run; undefined until it can be. */
  secondsLeft: number | undefined;
}

/** Follows the trials of one run of a study. */
export class ProgressTracker {
  readonly #started = performance.now();
  readonly #states: Map<number, TrialState>;
  /** Of the running trials, the part done; and what of it was done before this run. */
  readonly #running = new Map<number, { done: number; before: number | undefined }>();
  /** Trials' worth of work done in this run. */
  #finished = 0;

  constructor(trials: readonly Trial[]) {
    this.#states = new Map(trials.map(({ id, state }) => [id, state]));
  }

  /** Trials that a stage adds; those that are known stay as they are. */
  add(trials: readonly Trial[]): void {
    for (const { id, state } of trials) if (!this.#states.has(id)) this.#states.set(id, state);
  }

  move(trial: number, state: TrialState): void {
    const ran = this.#running.get(trial);
    this.#running.delete(trial);
    this.#states.set(trial, state);
    if (state === 'running') this.#running.set(trial, { done: 0, before: undefined });
    if (ran === undefined) return;
    const { done, before = 0 } = ran;
    this.#finished += state === 'waiting' ? Math.max(0, done - before) : 1 - before;
  }

  /** @param done part of the trial's steps that are done, in [0, 1] */
  advance(trial: number, done: number): void {
    const running = this.#running.get(trial);
    if (running === undefined) return;
    // What a resumed trial brings from its checkpoint says nothing of this run's speed.
    this.#running.set(trial, { done, before: running.before ?? done });
  }

  now(): StudyProgress {
    const counts = countStates(this.#states.values());
    const secondsElapsed = (performance.now() - this.#started) / 1000;
    let worked = this.#finished;
    let left = counts.waiting;
    for (const { done, before = done } of this.#running.values()) {
      worked += done - before;
      left += 1 - done;
    }
    return {
      total: this.#states.size,
      counts,
      secondsElapsed,
      secondsLeft: worked > 0 ? (secondsElapsed / worked) * left : undefined,
    };
  }
}
