/** Throws unless the value is a whole number of at least `least`. */
export function requireCount(name: string, value: number, least = 1): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(`${name} = ${value} is not a whole number above ${least - 1}`);
}

/** Throws unless the value is above 0 and below 1. */
export function requireShare(name: string, value: number): void {
  if (value > 0 && value < 1) return;
  throw new RangeError(`${name} = ${value} is not above 0 and below 1`);
}

/** Throws on NaN, which cannot be ranked. */
export function requireOrdered(values: ArrayLike<number>): void {
  const nan = Array.prototype.findIndex.call(values, Number.isNaN);
  if (nan < 0) return;
  throw new RangeError(`value ${nan} is NaN; pass +Infinity for a trial that diverged`);
}

/** Throws on NaN and ±∞, where a mean would be meaningless. */
export function requireFinite(values: ArrayLike<number>, advice: string): void {
  const bad = Array.prototype.findIndex.call(values, (value: number) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new RangeError(`value ${bad} is ${values[bad]}, not a finite number; ${advice}`);
}

/** Throws unless the value is finite and above 0. */
export function requirePositive(name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new RangeError(`${name} = ${value} is not a finite number above 0`);
}
