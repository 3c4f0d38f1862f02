import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multiplyHigh, Philox, philox4x32 } from '../../src/random/philox.js';

const uint32 = fc.integer({ min: 0, max: 0xffffffff });

describe('philox4x32', () => {
  // The known answers published with the paper's code (Random123, kat_vectors).
  it.each([
    [
      [0, 0],
      [0, 0, 0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0xa4093822, 0x299f31d0],
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as [[number, number], [number, number, number, number], number[]][])(
    'key %j, counter %j',
    (key, counter, words) => {
      expect([...philox4x32(key, counter)]).toEqual(words);
    },
  );

  it('multiplies as 64-bit integers do', () => {
    fc.assert(
      fc.property(uint32, uint32, (a, b) => {
        expect(multiplyHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
      }),
    );
  });
});

describe('Philox', () => {
  it('walks the counter in its stream', () => {
    const random = new Philox(0x1122334455667788n, 7);
    const words = Array.from({ length: 8 }, () => random.uint32());
    const key = [0x55667788, 0x11223344] as const;
    expect(words).toEqual([...philox4x32(key, [0, 0, 7, 0]), ...philox4x32(key, [1, 0, 7, 0])]);
  });

  it('takes negative seeds modulo 2^64', () => {
    expect(new Philox(-1).uint32()).toBe(new Philox(2n ** 64n - 1n).uint32());
  });

  it('stays inside its range', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.integer({ min: 1, max: 0xffffffff }), (seed, bound) => {
        const random = new Philox(seed);
        const value = random.below(bound);
        expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
        const unit = random.uniform();
        expect(unit >= 0 && unit < 1).toBe(true);
      }),
    );
  });

  it('is uniform: chi-squared of 10 cells over 50,000 draws', () => {
    const random = new Philox(1);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 50_000; i++) {
      const cell = random.below(10);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
    const chi2 = counts.reduce((sum, count) => sum + (count - 5000) ** 2 / 5000, 0);
    expect(chi2).toBeLessThan(27.9); // 99.9th percentile with 9 degrees of freedom
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 32])('rejects bound %d', (bound) => {
    expect(() => new Philox(1).below(bound)).toThrow(/bound/);
  });

  it('rejects bad seeds and streams', () => {
    expect(() => new Philox(0.5)).toThrow(/seed 0.5/);
    expect(() => new Philox(1, -1)).toThrow(/stream -1/);
  });
});
