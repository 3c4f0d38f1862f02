import { type Options, SingleBar } from 'cli-progress';
import { describeMetric, formatMetric, formatSeconds } from '../report/format.js';
import type { StudyEvent } from '../trial/run-study.js';
import type { StudyProgress } from '../trial/study-progress.js';

const BAR: Options = {
  format: '{bar} {percentage}% | {done} of {total} trials{notes} | {left}',
  barCompleteChar: '█',
  barIncompleteChar: '░',
  barsize: 24,
  hideCursor: true,
  clearOnComplete: true,
  stopOnComplete: false,
  // The study stops by itself, in order, when it is interrupted.
  gracefulExit: false,
};
const SECONDS_BETWEEN_LINES = 15;

/** Shows a study's progress on standard error: a bar with the time left on a terminal, else a line now and then. */
export class ProgressDisplay {
  readonly #study: string;
  readonly #metric: string;
  readonly #bar = process.stderr.isTTY
    ? new SingleBar({ ...BAR, stream: process.stderr })
    : undefined;
  readonly #incumbents = new Map<string, number>();
  #lastLine = 0;

  /** @param metric whose best value on validation data is shown */
  constructor(study: string, metric: string) {
    this.#study = study;
    this.#metric = metric;
  }

  show(event: StudyEvent): void {
    const { progress } = event;
    switch (event.kind) {
      case 'study_started':
        this.#line(startLine(this.#study, event.workers, progress));
        this.#bar?.start(progress.total, finished(progress), payload(progress));
        return;
      case 'measured':
        this.#showIncumbent(event);
        break;
      case 'trial_retried':
        this.#line(`${nameOf(event)}: tried again; ${event.reason}`);
        break;
      case 'trial_finished':
        if (event.trial.state === 'failed') {
          this.#line(`${nameOf(event)} failed: ${event.trial.reason}`);
        }
        break;
    }
    this.#update(progress);
  }

  close(): void {
    this.#bar?.stop();
  }

  #showIncumbent(event: Extract<StudyEvent, { kind: 'measured' }>): void {
    const { workload, optimizer } = event.trial;
    const best = event.measurements.find(
      (m) => m.split === 'validation' && m.metric === this.#metric,
    );
    const key = `${workload} ${optimizer}`;
    if (best === undefined || !(best.value < (this.#incumbents.get(key) ?? Infinity))) return;
    this.#incumbents.set(key, best.value);
  }

  #update(progress: StudyProgress): void {
    const done = finished(progress);
    this.#bar?.update(done, payload(progress));
    if (this.#bar || progress.secondsElapsed - this.#lastLine < SECONDS_BETWEEN_LINES) return;
    this.#lastLine = progress.secondsElapsed;
    const { done: trials, notes, left } = payload(progress);
    this.#line(`${trials} of ${progress.total} trials${notes} | ${left} | ${this.#bestSoFar()}`);
  }

  #bestSoFar(): string {
    const metric = describeMetric(this.#metric);
    const [best] = [...this.#incumbents].sort(([, a], [, b]) => a - b);
    return best === undefined ? '' : `best so far ${best[0]} ${formatMetric(best[1], metric)}`;
  }

  /** A line of its own, above the bar where there is one. */
  #line(text: string): void {
    if (this.#bar?.isActive) process.stderr.write('\r\u001b[K');
    process.stderr.write(`${text}\n`);
  }
}

function startLine(study: string, workers: number, progress: StudyProgress): string {
  const done = progress.total - progress.counts.waiting;
  const before = done > 0 ? `, ${done} of them done before` : '';
  const at = workers === 1 ? 'one at a time' : `${workers} at a time`;
  return `${study}: ${progress.total} trials${before}${workers > 0 ? `, ${at}` : ''}`;
}

/** Trials done, with the parts of those that are running. */
function finished({ total, counts }: StudyProgress): number {
  return total - counts.waiting - counts.running - counts.paused;
}

function payload(progress: StudyProgress) {
  const { counts, secondsLeft } = progress;
  const notes = [
    ...(counts.stopped > 0 ? [`, ${counts.stopped} stopped early`] : []),
    ...(counts.infeasible > 0 ? [`, ${counts.infeasible} diverged`] : []),
    ...(counts.failed > 0 ? [`, ${counts.failed} failed`] : []),
  ].join('');
  const left = secondsLeft === undefined ? 'time left: …' : `${formatSeconds(secondsLeft)} left`;
  return { done: finished(progress), notes, left };
}

function nameOf({
  trial,
}: Extract<StudyEvent, { kind: 'trial_finished' | 'trial_retried' }>): string {
  const repetition = trial.repetition > 0 ? `, repetition ${trial.repetition}` : '';
  return `${trial.workload}, ${trial.optimizer}, trial ${trial.number}${repetition}`;
}
