export interface CurvePoint {
  /** Training step of the measurement. */
  step: number;
  value: number;
}

/**
 * The first step at which a minimised metric reaches the target (≤); +∞ when it never does. NaN never does.
 * @param curve measurements in any order
 */
export function stepsToTarget(curve: Iterable<CurvePoint>, target: number): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { step, value } of curve) {
    if (value <= target && step < first) first = step;
  }
  return first;
}
