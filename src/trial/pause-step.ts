/**
 * The step at which a trial pauses that trains for a share of its budget: its last measurement until there, so that a
 * trial that goes on is measured at the same steps as one that never paused.
 * @param share of the budget, above 0, below 1
 * @param steps of the whole budget
 * @param evaluateEvery steps from one measurement to the next
 * @throws {RangeError} when nothing is measured until there
 */
export function pauseStep(share: number, steps: number, evaluateEvery: number): number {
  const wanted = share * steps;
  // The product of a share like 1/9 may be a bit below a whole number.
  const measurements = Math.floor(wanted / evaluateEvery + 1e-9);
  if (measurements > 0) return measurements * evaluateEvery;
  throw new RangeError(
    `early stopping compares trials after ${Math.round(wanted)} of ${steps} steps, but the first measurement comes after ${evaluateEvery}; measure more often (evaluate_every), or compare later`,
  );
}
