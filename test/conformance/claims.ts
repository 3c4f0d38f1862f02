import { readFileSync } from 'node:fs';
import { CompileError } from '../../src/compiler/index.js';
import { folders } from '../../src/compiler/onnx/fold/index.js';
import { control } from '../../src/compiler/onnx/importers/control.js';
import { importers } from '../../src/compiler/onnx/importers/index.js';
import { type ConformanceCase, operatorsOf } from './cases.js';

/** Reasons by test, or by test and form (`*` stands for any characters); and by operator, for outputs after its first. */
export const excluded: { tests: Record<string, string>; outputs: Record<string, string> } =
  JSON.parse(readFileSync(new URL('excluded.json', import.meta.url), 'utf8'));

export const patterns = Object.keys(excluded.tests).map((pattern) => ({
  pattern,
  regexp: new RegExp(`^${pattern.replaceAll('*', '.*')}( on data| when compiling)?$`),
}));

export const isExcluded = (title: string) => patterns.some(({ regexp }) => regexp.test(title));

export type Form = 'on data' | 'when compiling';

/**
 * A test counts in the forms in which we claim all of its operators. Operators that only fold take no floats: those are
 * calculated by the references of ops, of which they have none.
 */
function claims(test: ConformanceCase): Form[] {
  const operators = [...operatorsOf(test.model())];
  const all = (...tables: object[]) =>
    operators.every((name) => [control, ...tables].some((t) => Object.hasOwn(t, name)));
  if (all(importers)) return ['on data', 'when compiling'];
  const isExact = test.inputs().every(({ kind }) => kind === 'int' || kind === 'bool');
  return isExact && all(importers, folders) ? ['when compiling'] : [];
}

/** What a test claims; one whose model cannot be read claims nothing. */
export function claimed(test: ConformanceCase): [ConformanceCase, Form][] {
  try {
    return claims(test).map((form) => [test, form]);
  } catch (error) {
    if (error instanceof CompileError) return [];
    throw error;
  }
}
