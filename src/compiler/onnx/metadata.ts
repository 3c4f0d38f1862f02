import { z } from 'zod';
import { CompileError } from '../compile-error.js';
import type { Initializer } from '../program.js';
import type { OnnxModel } from './onnx-model.js';

/** What `optcmp_export` records in a file; docs/EXPORTING.md says what each key means. */
export interface Metadata {
  parameters: readonly string[];
  frozen: readonly string[];
  states: Readonly<Record<string, Initializer | null>>;
  initializers: Readonly<Record<string, Initializer>>;
  /** Rows of embeddings that are not trained. */
  padding: Readonly<Record<string, number>>;
  tied: Readonly<Record<string, string>>;
  /** Inputs by the outputs that they are in the next batch. */
  carry: Readonly<Record<string, string>>;
}

const fan = z.number().positive();
const fans = { fanIn: fan, fanOut: fan };

const start: z.ZodType<Initializer> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('zeros') }),
  z.object({ kind: z.literal('ones') }),
  z.object({ kind: z.literal('constant'), value: z.number() }),
  z.object({ kind: z.literal('uniform'), low: z.number(), high: z.number() }),
  z.object({ kind: z.literal('normal'), mean: z.number(), stddev: z.number() }),
  z.object({ kind: z.literal('truncated_normal'), mean: z.number(), stddev: z.number() }),
  z.object({ kind: z.literal('pytorch'), ...fans }),
  z.object({
    kind: z.enum(['glorot_uniform', 'glorot_normal', 'he_uniform', 'he_normal']),
    ...fans,
  }),
]);

const names = z.array(z.string()).default([]);

const schema = z.object({
  parameters: names,
  frozen: names,
  states: z.record(z.string(), start.nullable()).default({}),
  initializers: z.record(z.string(), start).default({}),
  padding: z.record(z.string(), z.number().int().min(0)).default({}),
  tied: z.record(z.string(), z.string()).default({}),
  carry: z.record(z.string(), z.string()).default({}),
});

const VERSION = 1;

/** `undefined` for a file that `optcmp_export` did not write. @throws {CompileError} when a key does not hold what it should. */
export function readMetadata({ metadata }: OnnxModel): Metadata | undefined {
  const version = metadata.get('optcmp.version');
  if (version === undefined) return undefined;
  if (version !== String(VERSION)) {
    throw new CompileError(
      `the metadata "optcmp.version" is ${version}; ${VERSION} is supported: update optcmp`,
    );
  }
  const values = Object.fromEntries(
    Object.keys(schema.shape).flatMap((key) => {
      const text = metadata.get(`optcmp.${key}`);
      return text === undefined ? [] : [[key, parse(key, text)]];
    }),
  );
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CompileError(
    `the metadata "optcmp.${issue?.path.join('.')}" is wrong: ${issue?.message}; see docs/EXPORTING.md`,
  );
}

function parse(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CompileError(`the metadata "optcmp.${key}" is not JSON; see docs/EXPORTING.md`);
  }
}
