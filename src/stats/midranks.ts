import { ascending } from './distribution.js';

/** Ranks from 1, ascending; equal values share the mean of their ranks. Throws on NaN. */
export interface Midranks {
  ranks: Float64Array;
  /** Σ (t³ − t) over groups of t equal values; 0 without ties. */
  tieSum: number;
}

export function midranks(values: ArrayLike<number>): Midranks {
  const n = values.length;
  const order = ascending(values);
  const ranks = new Float64Array(n);
  let tieSum = 0;
  for (let start = 0, end = 0; start < n; start = end) {
    const value = values[order[start] as number];
    while (end < n && values[order[end] as number] === value) end++;
    for (let i = start; i < end; i++) ranks[order[i] as number] = (start + 1 + end) / 2;
    tieSum += (end - start) ** 3 - (end - start);
  }
  return { ranks, tieSum };
}
