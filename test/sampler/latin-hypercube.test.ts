import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latinHypercube } from '../../src/sampler/latin-hypercube.js';

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('latinHypercube', () => {
  it('has one point in every interval of every dimension', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 80 }),
        fc.tuple(word, word),
        (dimensions, count, key) => {
          const sequence = latinHypercube(dimensions, count, key);
          const points = Array.from({ length: count }, (_, i) => sequence.point(i));
          for (let j = 0; j < dimensions; j++) {
            const strata = points.map((point) => Math.floor((point[j] as number) * count));
            expect(new Set(strata).size).toBe(count);
            expect(Math.min(...strata)).toBe(0);
            expect(Math.max(...strata)).toBe(count - 1);
          }
        },
      ),
    );
  });

  it('pairs the dimensions at random: no order, no two keys alike', () => {
    const count = 1000;
    const sequence = latinHypercube(2, count, [1, 2]);
    const points = Array.from({ length: count }, (_, i) => sequence.point(i));
    const mean = points.reduce((sum, [x = 0, y = 0]) => sum + (x - 0.5) * (y - 0.5), 0) / count;
    // The standard error of the mean is 1 / (12 √count) = 0.0026.
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(sequence.point(0)).not.toEqual(latinHypercube(2, count, [1, 3]).point(0));
    expect(sequence.point(7)).toEqual(latinHypercube(2, count, [1, 2]).point(7));
  });
});
