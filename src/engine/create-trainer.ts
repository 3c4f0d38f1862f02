import { loadAddon, type NativeTrainer } from './load-addon.js';
import { nativeGroups } from './parameter-groups.js';
import type { BatchValues, Metrics, Trainer, TrainerOptions, TrainResult } from './types.js';

/**
 * Starts a trainer on a thread of its own: plans both programs, starts the parameters.
 *
 * The arrays of `options.splits` are read while the trainer lives; do not transfer or resize their buffers.
 * Commands given while another runs wait for it, but the synchronous ones (`observe`, `getParameter`, `setParameter`,
 * `getGradient`, `parameterNames`, `stateNames`, `memory`) throw then.
 *
 * @throws TypeError naming the program, op, tensor or option that is wrong; Error when the native core is missing.
 */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const native = new (loadAddon().Trainer)({ ...options, groups: nativeGroups(options) });
  await native.ready();
  return new EngineTrainer(native);
}

class EngineTrainer implements Trainer {
  readonly #native: NativeTrainer;

  constructor(native: NativeTrainer) {
    this.#native = native;
  }

  get step(): number {
    return this.#native.step;
  }

  /** Name of the kernel that runs the update rule, e.g. `generated/avx512`. */
  get kernelName(): string {
    return this.#native.kernelName();
  }

  async train(steps: number, options: { signal?: AbortSignal } = {}): Promise<TrainResult> {
    return abortable(options.signal, (abort) => this.#native.train(steps, abort));
  }

  async evaluate(
    split: 'train' | 'validation' | 'test',
    options: { signal?: AbortSignal } = {},
  ): Promise<Metrics> {
    options.signal?.throwIfAborted();
    try {
      return await abortable(options.signal, (abort) => this.#native.evaluate(split, abort));
    } catch (error) {
      options.signal?.throwIfAborted();
      throw error;
    }
  }

  observe(value: number): void {
    this.#native.observe(value);
  }

  async checkpoint(): Promise<Uint8Array> {
    return this.#native.checkpoint();
  }

  async restore(checkpoint: Uint8Array): Promise<void> {
    return this.#native.restore(checkpoint);
  }

  parameterNames(): string[] {
    return this.#native.parameterNames();
  }

  stateNames(): string[] {
    return this.#native.stateNames();
  }

  getParameter(name: string): Float32Array {
    return this.#native.getParameter(name);
  }

  setParameter(name: string, values: Float32Array): void {
    this.#native.setParameter(name, values);
  }

  getGradient(name: string): Float32Array {
    return this.#native.getGradient(name);
  }

  async stepOn(
    inputs: BatchValues | readonly BatchValues[],
    labels: BatchValues | undefined,
    options: { update?: boolean } = {},
  ): Promise<number> {
    return this.#native.stepOn(inputs, labels, options.update ?? true);
  }

  async predict(inputs: BatchValues | readonly BatchValues[]): Promise<Float32Array> {
    return this.#native.predict(inputs);
  }

  async profile(runs: number): ReturnType<Trainer['profile']> {
    return this.#native.profile(runs);
  }

  async profileUpdate(runs: number): ReturnType<Trainer['profileUpdate']> {
    return this.#native.profileUpdate(runs);
  }

  memory(): ReturnType<Trainer['memory']> {
    return this.#native.memory();
  }

  dispose(): void {
    this.#native.dispose();
  }
}

/** Runs a native command that stops when the first element of its flag is 1. */
async function abortable<T>(
  signal: AbortSignal | undefined,
  command: (abort: Int32Array) => Promise<T>,
): Promise<T> {
  const flag = new Int32Array(1);
  const stop = () => Atomics.store(flag, 0, 1);
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await command(flag);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
