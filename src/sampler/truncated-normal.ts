import { normalCdf, normalQuantile } from '../stats/laws/normal.js';

/** ln √(2π). */
const LOG_ROOT_2PI = Math.log(2 * Math.PI) / 2;

/** A normal law cut off outside [0, 1]. */
export class TruncatedNormal {
  readonly #mean: number;
  readonly #deviation: number;
  /** Shares of the uncut law below 0, above 1 and between. */
  readonly #below: number;
  readonly #above: number;
  readonly #mass: number;

  /**
   * @param mean of the uncut law, in [0, 1], so that no tail is all that is left
   * @param deviation of the uncut law, above 0
   */
  constructor(mean: number, deviation: number) {
    this.#mean = mean;
    this.#deviation = deviation;
    this.#below = normalCdf(-mean / deviation);
    this.#above = normalCdf((mean - 1) / deviation);
    this.#mass = 1 - this.#below - this.#above;
  }

  /** ln of the density at x in [0, 1]. */
  logDensity(x: number): number {
    const z = (x - this.#mean) / this.#deviation;
    return (-z * z) / 2 - LOG_ROOT_2PI - Math.log(this.#deviation) - Math.log(this.#mass);
  }

  /** The x below which lies the share `u` of the law. @param u 0 to 1 */
  quantile(u: number): number {
    const lower = this.#below + u * this.#mass;
    // From the upper end there, where 1 − p would cancel.
    const z =
      lower < 0.5 ? normalQuantile(lower) : -normalQuantile(this.#above + (1 - u) * this.#mass);
    return Math.min(1, Math.max(0, this.#mean + z * this.#deviation));
  }
}
