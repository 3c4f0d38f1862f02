import type { Philox } from '../random/philox.js';

/** Draws an index with given probabilities in constant time (Walker 1977; built as Vose 1991 does). */
export class AliasTable {
  readonly #keep: Float64Array;
  readonly #alias: Int32Array;

  /** @param weights at least one, none negative, summing to 1 but for rounding */
  constructor(weights: ArrayLike<number>) {
    const n = weights.length;
    this.#keep = Float64Array.from(weights, (weight) => weight * n);
    this.#alias = Int32Array.from({ length: n }, (_, i) => i);
    const small: number[] = [];
    const large: number[] = [];
    this.#keep.forEach((share, i) => {
      (share < 1 ? small : large).push(i);
    });
    while (small.length > 0 && large.length > 0) this.#pair(small, large);
    // What is left over is 1 but for rounding.
    for (const i of [...small, ...large]) this.#keep[i] = 1;
  }

  draw(random: Philox): number {
    const position = random.uniform() * this.#keep.length;
    const column = Math.floor(position);
    return position - column < (this.#keep[column] as number)
      ? column
      : (this.#alias[column] as number);
  }

  /** Fills up one small column from a large one. */
  #pair(small: number[], large: number[]): void {
    const [poor, rich] = [small.pop() as number, large.pop() as number];
    this.#alias[poor] = rich;
    const rest = (this.#keep[rich] as number) - (1 - (this.#keep[poor] as number));
    this.#keep[rich] = rest;
    (rest < 1 ? small : large).push(rich);
  }
}
