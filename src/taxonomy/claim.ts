import type { History, Rate } from './trajectory.js';

/** A relation A ⊆ B that is said or seems to hold, and does not. */
export interface Claim {
  /** Rule names. */
  included: string;
  including: string;
  /** What is wrong to say, where it is less than A ⊆ B. */
  restriction?: string;
  /** Who says so, or why one might think so. */
  said: string;
  /** Why it is wrong. */
  reason: string;
  /** A's hyperparameters in the counterexample. */
  given: Readonly<Record<string, number>>;
  history: History;
  /** A's learning rate; constant 1 when left out. */
  eta?: Rate;
  /**
   * What B's learning rate may be: any number at each step (`schedule`), or A's times one number (`multiple`), where
   * the wrong is in that or where old steps remember their rate.
   */
  freedom: 'schedule' | 'multiple';
}

/** A history of scalar parameters: one row a step, one column a parameter; they start at 1. */
export function historyOf(rows: readonly (readonly number[])[]): History {
  const gradients = rows.map((row) => Float64Array.from(row));
  return { start: new Float64Array(gradients[0]?.length ?? 0).fill(1), gradients };
}
