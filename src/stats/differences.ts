import { requireOrdered } from './require.js';

/**
 * a − b for each pair (seed, workload). Equal values differ by 0, so two infeasible results (+∞ both) are level; an
 * infeasible one beside a feasible one differs by ±∞, which rank and sign tests take as the largest difference.
 * @throws {RangeError} on NaN, or when the lengths differ
 */
export function differences(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  if (a.length !== b.length) {
    throw new RangeError(
      `${a.length} results of A but ${b.length} of B: pairs need one of each, in the same order`,
    );
  }
  requireOrdered(a);
  requireOrdered(b);
  return Float64Array.from({ length: a.length }, (_, i) =>
    a[i] === b[i] ? 0 : (a[i] as number) - (b[i] as number),
  );
}
