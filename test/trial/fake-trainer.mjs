/**
 * A trainer without an engine: its losses and metrics are functions of its options and the steps done, and its memory
 * of those steps is in its checkpoint, so a trial that goes on from a wrong checkpoint shows.
 */
export class FakeTrainer {
  step = 0;
  /** Stands for the parameters: depends on every step done. */
  #state;
  #options;

  /** @param options see fake-trainer.d.mts */
  constructor(options) {
    this.#options = options;
    this.#state = options.seed;
  }

  async train(steps, { signal } = {}) {
    const losses = [];
    while (losses.length < steps && !signal?.aborted) {
      await this.#options.beforeStep?.(this.step);
      this.#state = Math.fround(Math.sin(this.#state + this.step) + this.#options.lr);
      this.step++;
      losses.push(1 / this.step + this.#state / 7);
      if (this.step === this.#options.divergesAt) break;
    }
    return {
      step: this.step,
      losses: Float64Array.from(losses),
      diverged: this.step === this.#options.divergesAt,
      aborted: losses.length < steps,
      seconds: 1e-3 * losses.length,
    };
  }

  async evaluate(split, { signal } = {}) {
    await this.#options.beforeEvaluate?.(split, this.step);
    signal?.throwIfAborted();
    const value = (split === 'test' ? 2 : 1) + this.#state / 3;
    const bad = this.step === this.#options.badMetricAt ? Number.NaN : value;
    return { examples: 10, values: { cross_entropy: bad, classification_error: value / 5 } };
  }

  /** Later steps depend on what it is told, as they do with a schedule that listens. */
  observe(value) {
    this.#state = Math.fround(this.#state + value);
    this.#options.onObserve?.(this.step, value);
  }

  async checkpoint() {
    return Buffer.from(JSON.stringify([this.step, this.#state]));
  }

  async restore(bytes) {
    [this.step, this.#state] = JSON.parse(Buffer.from(bytes).toString());
  }

  dispose() {}
}
