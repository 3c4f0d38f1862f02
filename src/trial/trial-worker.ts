import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { FromWorker, ToWorker, TrialJob, TrialMessage, TrialOutcome } from './messages.js';

/** The worker process ended or was ended before the trial did. */
export interface WorkerDeath {
  kind: 'died';
  reason: string;
}

export interface RunOnWorkerOptions {
  /** Called in order, each call after the one before is done. */
  onMessage: (message: TrialMessage) => Promise<void>;
  /** Asks the worker to stop between two steps. */
  signal: AbortSignal;
}

const STDERR_KEPT = 4096;
/** Seconds that a worker has for its last step and its checkpoint when asked to stop. */
const STOP_SECONDS = 60;
const START_SECONDS = 60;
const WATCHDOG_TICKS = 10;

/** A worker process, as its parent sees it. It does one trial at a time. */
export class TrialWorker {
  readonly #child: ChildProcess;
  readonly #timeoutSeconds: number;
  readonly #exited: Promise<void>;
  #stderr = '';
  #deathReason: string | undefined;
  #hung: string | undefined;

  private constructor(child: ChildProcess, timeoutSeconds: number) {
    this.#child = child;
    this.#timeoutSeconds = timeoutSeconds;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    // `close` comes when stderr is read to its end too, `error` when the process cannot be started.
    this.#exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#deathReason ??= this.#describe(code, signal);
        resolve();
      });
      child.once('error', (error) => {
        this.#deathReason ??= `the worker process failed: ${error.message}`;
        if (child.pid === undefined) resolve();
      });
    });
  }

  /**
   * @param script the module that calls `serveTrials`
   * @param timeoutSeconds silence after which it counts as hanging and is killed
   * @throws Error with its last words when it does not come up
   */
  static async start(script: string, timeoutSeconds: number): Promise<TrialWorker> {
    const child = fork(script, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      // Ctrl-C goes to a process group: the parent alone shall hear it and say when to stop.
      detached: true,
    });
    const worker = new TrialWorker(child, timeoutSeconds);
    const watchdog = worker.#killAfter(START_SECONDS);
    const ready = once(child, 'message').then(
      () => true,
      () => false,
    );
    const up = await Promise.race([ready, worker.#exited.then(() => false)]);
    clearInterval(watchdog);
    if (up) return worker;
    await worker.#exited;
    throw new Error(`a worker does not start: ${worker.#deathReason}`);
  }

  get isAlive(): boolean {
    return this.#deathReason === undefined;
  }

  /** Runs one trial to its outcome, or to the death of this worker. Rejects when `onMessage` does. */
  async run(
    job: TrialJob,
    { onMessage, signal }: RunOnWorkerOptions,
  ): Promise<TrialOutcome | WorkerDeath> {
    const child = this.#child;
    let handled = Promise.resolve();
    let watchdog = this.#killAfter(this.#timeoutSeconds);
    const feed = (seconds: number) => {
      clearInterval(watchdog);
      watchdog = this.#killAfter(seconds);
    };
    const stop = () => {
      feed(STOP_SECONDS);
      this.#send({ kind: 'stop' });
    };
    let onChildMessage: ((message: FromWorker) => void) | undefined;
    const ended = new Promise<TrialOutcome>((resolve, reject) => {
      onChildMessage = (message) => {
        if (!signal.aborted) feed(this.#timeoutSeconds);
        if (message.kind === 'ended') resolve(message.outcome);
        else if (message.kind !== 'ready') {
          handled = handled.then(() => onMessage(message));
          handled.catch(reject);
        }
      };
      child.on('message', onChildMessage);
    });
    const died = this.#exited.then(
      (): WorkerDeath => ({ kind: 'died', reason: this.#deathReason ?? 'the worker ended' }),
    );

    this.#send({ kind: 'run', job });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    try {
      const outcome = await Promise.race([ended, died]);
      await handled;
      return outcome;
    } finally {
      clearInterval(watchdog);
      signal.removeEventListener('abort', stop);
      if (onChildMessage) child.off('message', onChildMessage);
    }
  }

  /** Ends the process. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #send(message: ToWorker): void {
    // A dead worker's channel is closed; its death is reported by `run`.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** In ticks, because one timer would fire at once after this process was suspended. */
  #killAfter(seconds: number): NodeJS.Timeout {
    let ticks = 0;
    const tick = () => {
      if (++ticks < WATCHDOG_TICKS) return;
      this.#hung = `the worker gave no sign of life for ${seconds} s and was killed`;
      this.#child.kill('SIGKILL');
    };
    return setInterval(tick, (seconds * 1000) / WATCHDOG_TICKS);
  }

  #describe(code: number | null, signal: NodeJS.Signals | null): string {
    const end = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
    const hint = signal === 'SIGKILL' ? ' (out of memory?)' : '';
    const [last] = this.#stderr.trimEnd().split('\n').slice(-1);
    const words = last ? `: ${last.slice(0, 300)}` : '';
    return `${this.#hung ?? `the worker ${end}${hint}`}${words}`;
  }
}
