import type { Dimension } from '../../dimension.js';

/** How two lengths may compare, for a batch size of 1 or more. */
export interface Relation {
  less: boolean;
  equal: boolean;
  greater: boolean;
}

export function relate(a: Dimension, b: Dimension): Relation {
  if (typeof a === 'number' && typeof b === 'number') return exactly(a, b);
  if (typeof a !== 'number' && typeof b !== 'number') return exactly(a.batch, b.batch);
  if (typeof a === 'number') return mirrored(relate(b, a));
  const [k, c] = [a.batch, b as number];
  // k·N grows without bound from k on (down from it when k is negative).
  return k > 0
    ? { less: c > k, equal: c >= k, greater: true }
    : { less: true, equal: c <= k, greater: c < k };
}

const exactly = (a: number, b: number): Relation => ({
  less: a < b,
  equal: a === b,
  greater: a > b,
});

const mirrored = ({ less, equal, greater }: Relation): Relation => ({
  less: greater,
  equal,
  greater: less,
});
