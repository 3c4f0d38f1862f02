/**
 * Philox4x32-10, a counter-based generator: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as
 * 1, 2, 3" (SC 2011). The same key and counter give the same four words on every machine and in the engine.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;
const TWO_32 = 2 ** 32;

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit integers. */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const low = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(low / 0x10000);
}

/**
 * One block of four random words.
 * @param key two unsigned 32-bit words
 * @param counter four unsigned 32-bit words
 * @param out where the four words go; a fresh array when left out
 */
export function philox4x32(
  key: readonly [number, number],
  counter: readonly [number, number, number, number],
  out: Uint32Array = new Uint32Array(4),
): Uint32Array {
  let [k0, k1] = key;
  let [c0, c1, c2, c3] = counter;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  return out;
}

/** A sequence of random numbers: block i of the sequence has the counter (i mod 2³², i div 2³², stream, 0). */
export class Philox {
  readonly #key: readonly [number, number];
  readonly #stream: number;
  readonly #block = new Uint32Array(4);
  #blocks = 0;
  #used = 4;

  /**
   * @param seed an integer, taken modulo 2⁶⁴; its low word is the key's first word
   * @param stream 0 to 2³²−1: sequences of one seed that do not overlap
   */
  constructor(seed: bigint | number, stream = 0) {
    if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
      throw new RangeError(`seed ${seed} is not a safe integer; give a whole number or a bigint`);
    }
    if (!Number.isInteger(stream) || stream < 0 || stream >= TWO_32) {
      throw new RangeError(`stream ${stream} is not an integer from 0 to 2^32 - 1`);
    }
    const bits = BigInt.asUintN(64, BigInt(seed));
    this.#key = [Number(bits & 0xffffffffn), Number(bits >> 32n)];
    this.#stream = stream;
  }

  /** An integer, uniform on 0 … 2³²−1. */
  uint32(): number {
    if (this.#used === 4) this.#refill();
    return this.#block[this.#used++] as number;
  }

  /** A float64, uniform on [0, 1), with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * An integer, uniform on 0 … bound−1, without bias (Lemire, "Fast Random Integer Generation in an
   * Interval", 2019).
   * @param bound 1 to 2³²−1
   */
  below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound >= TWO_32) {
      throw new RangeError(`bound ${bound} is not an integer from 1 to 2^32 - 1`);
    }
    let word = this.uint32();
    let low = Math.imul(word, bound) >>> 0;
    if (low < bound) {
      const threshold = (TWO_32 - bound) % bound;
      while (low < threshold) {
        word = this.uint32();
        low = Math.imul(word, bound) >>> 0;
      }
    }
    return multiplyHigh(word, bound);
  }

  #refill(): void {
    const low = this.#blocks % TWO_32;
    const high = Math.floor(this.#blocks / TWO_32);
    philox4x32(this.#key, [low, high, this.#stream, 0], this.#block);
    this.#blocks++;
    this.#used = 0;
  }
}
