import { InvalidArgumentError } from 'commander';

/** An option that counts something: an integer of at least 1. @throws {InvalidArgumentError} */
export function parseCount(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('it must be an integer of at least 1.');
}
