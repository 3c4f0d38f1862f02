import { createHash } from 'node:crypto';
import { philox4x32 } from './philox.js';

/**
 * A 64-bit key for one purpose, from a seed: Philox4x32-10 keyed by the seed at the counter
 * (first 64 bits of the SHA-256 of `purpose`, `a`, `b`). Different purposes get unrelated keys.
 * @param seed taken modulo 2⁶⁴
 * @param a unsigned 32-bit word
 * @param b unsigned 32-bit word
 */
export function deriveKey(seed: bigint, purpose: string, a = 0, b = 0): bigint {
  const digest = createHash('sha256').update(purpose).digest();
  const key = [Number(BigInt.asUintN(32, seed)), Number(BigInt.asUintN(32, seed >> 32n))] as const;
  const [low = 0, high = 0] = philox4x32(key, [
    digest.readUInt32LE(0),
    digest.readUInt32LE(4),
    a,
    b,
  ]);
  return (BigInt(high) << 32n) | BigInt(low);
}
