import { describe, expect, it } from 'vitest';
import { deriveKey } from '../../src/random/derive-key.js';

describe('deriveKey', () => {
  it('separates seeds, purposes and counters', () => {
    const keys = [
      deriveKey(0n, 'a'),
      deriveKey(1n, 'a'),
      deriveKey(2n ** 63n, 'a'),
      deriveKey(0n, 'b'),
      deriveKey(0n, 'a', 1),
      deriveKey(0n, 'a', 0, 1),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(deriveKey(0n, 'a')).toBe(keys[0]);
    for (const key of keys) expect(BigInt.asUintN(64, key)).toBe(key);
  });
});
