import { align } from '../text/align.js';

/** Prints a value for programs: one JSON document. NaN and infinities become strings, as JSON has no word for them. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, jsonNumber, 2));
}

/** One line of JSON, for streams of events. */
export function printJsonLine(value: unknown): void {
  console.log(JSON.stringify(value, jsonNumber));
}

/** Prints rows under a header; the columns numbered in `right` hold numbers. */
export function printTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): void {
  const left = new Set(header.map((_, i) => i).filter((i) => !right.includes(i)));
  const [first = '', ...rest] = align([header, ...rows], left);
  console.log([process.stdout.isTTY ? `\u001b[2m${first}\u001b[0m` : first, ...rest].join('\n'));
}

function jsonNumber(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
