import { readFileSync, statSync } from 'node:fs';
import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml';
import type { z } from 'zod';
import { nearest } from './nearest.js';

const MAX_BYTES = 4 << 20;

/** One thing wrong in a YAML file. `line` and `column` count from 1. */
export interface YamlProblem {
  line: number;
  column: number;
  /** Where in the data, e.g. `optimizers[1].space.lr`; empty for the whole file. */
  path: string;
  message: string;
  /** The values that would have been accepted, where they can be listed. */
  allowed?: string[];
}

/** Every problem of one file; the message has a line `file:line:column: path: what (allowed: …)` for each. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
  readonly file: string;
  readonly problems: YamlProblem[];

  constructor(file: string, problems: YamlProblem[]) {
    super(problems.map((problem) => `${file}:${formatProblem(problem)}`).join('\n'));
    this.file = file;
    this.problems = problems;
  }
}

function formatProblem({ line, column, path, message, allowed }: YamlProblem): string {
  const where = path === '' ? '' : `${path}: `;
  const values = allowed === undefined ? '' : ` (allowed: ${allowed.join(', ')})`;
  return `${line}:${column}: ${where}${message}${values}`;
}

/**
 * Reads a YAML file and checks it with a zod schema.
 * @throws {YamlError} with the line of every problem: unreadable file, bad syntax, or data that does not fit.
 */
export function parseYamlFile<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  return parseYaml(readText(path), schema, path);
}

function readText(path: string): string {
  const fail = (message: string) =>
    new YamlError(path, [{ line: 1, column: 1, path: '', message }]);
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw fail(`the file has ${size} bytes; at most ${MAX_BYTES} are read`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof YamlError) throw error;
    throw fail(`cannot read the file: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** As `parseYamlFile`, on text; `file` is the name that errors show. */
export function parseYaml<S extends z.ZodType>(text: string, schema: S, file: string): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new YamlError(
      file,
      document.errors.map((error) => ({
        ...position(lines, error.pos[0]),
        path: '',
        message: error.message,
      })),
    );
  }
  const result = schema.safeParse(toData(document, file));
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) =>
    explain(issue as Issue, [], schema, document, lines),
  );
  throw new YamlError(
    file,
    problems.sort((a, b) => a.line - b.line || a.column - b.column),
  );
}

function toData(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new YamlError(file, [{ line: 1, column: 1, path: '', message }]);
  }
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

function explain(
  issue: Issue,
  base: Path,
  schema: z.ZodType,
  document: Document,
  lines: LineCounter,
): YamlProblem[] {
  const path = [...base, ...issue.path];
  const at = {
    ...position(lines, offsetOf(document, path)),
    path: formatPath(path),
  };
  const value = document.getIn(path);
  const shown = showValue(value);

  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, schema, document, lines));
    case 'invalid_value':
      if (value === undefined) {
        return [{ ...at, message: 'is missing', allowed: issue.values.map(String) }];
      }
      return [
        {
          ...at,
          message: `${shown} is not one of the allowed values${suggestion(value, issue.values.map(String))}`,
          allowed: issue.values.map(String),
        },
      ];
    case 'invalid_union': {
      if ('options' in issue && issue.options !== undefined) {
        const allowed = issue.options.map(String);
        const message = value === undefined ? 'is missing' : `${shown} is not known`;
        return [{ ...at, message: message + suggestion(value, allowed), allowed }];
      }
      const branch = likeliestBranch(issue.errors);
      if (branch.length > 0) {
        return branch.flatMap((inner) => explain(inner, path, schema, document, lines));
      }
      return [{ ...at, message: issue.message }];
    }
    case 'invalid_type':
      if (value === undefined)
        return [{ ...at, message: `is missing; expected ${issue.expected}` }];
      return [{ ...at, message: `expected ${issue.expected}, found ${shown}` }];
    default:
      return [
        {
          ...at,
          message: value === undefined ? issue.message : `${issue.message}, found ${shown}`,
        },
      ];
  }
}

function unknownKey(
  key: string,
  path: Path,
  schema: z.ZodType,
  document: Document,
  lines: LineCounter,
): YamlProblem {
  const known = knownKeys(schema, path, document.toJS());
  const problem: YamlProblem = {
    ...position(lines, keyOffset(document, path, key)),
    path: formatPath(path),
    message: `unknown key "${key}"${suggestion(key, known)}`,
  };
  if (known.length > 0) problem.allowed = known;
  return problem;
}

function suggestion(value: unknown, allowed: string[]): string {
  const near = typeof value === 'string' ? nearest(value, allowed) : undefined;
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

/** Of a union's branches the one that got furthest into the data, so that its complaint is the useful one. */
function likeliestBranch(branches: readonly Issue[][]): Issue[] {
  const depth = (issues: Issue[]) => Math.min(...issues.map((issue) => issue.path.length));
  const deep = branches.filter((issues) => issues.length > 0 && !issues.some(isWrongKind));
  return deep.sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0] ?? [];
}

const isWrongKind = (issue: Issue) => issue.code === 'invalid_type' && issue.path.length === 0;

/** The keys that the object schema at `path` knows. */
function knownKeys(schema: z.ZodType, path: Path, data: unknown): string[] {
  const schemas = schemasAt(schema, path, data);
  return [...new Set(schemas.flatMap((s) => Object.keys(shapeOf(s) ?? {})))];
}

interface Def {
  shape?: Record<string, z.ZodType>;
  innerType?: z.ZodType;
  element?: z.ZodType;
  valueType?: z.ZodType;
  catchall?: z.ZodType;
  options?: z.ZodType[];
  discriminator?: string;
  items?: z.ZodType[];
  in?: z.ZodType;
  left?: z.ZodType;
  right?: z.ZodType;
  getter?: () => z.ZodType;
}

const definition = (schema: z.ZodType) => schema.def as unknown as Def;
const shapeOf = (schema: z.ZodType) => definition(schema).shape;

function schemasAt(schema: z.ZodType, path: Path, data: unknown): z.ZodType[] {
  const def = definition(schema);
  const through = [
    def.innerType,
    def.in,
    def.left,
    def.right,
    def.getter?.(),
    ...branches(def, data),
  ].filter((s) => s !== undefined);
  if (through.length > 0) return through.flatMap((s) => schemasAt(s, path, data));

  const [head, ...rest] = path;
  if (head === undefined) return [schema];
  const next =
    def.shape?.[String(head)] ??
    def.items?.[Number(head)] ??
    def.element ??
    def.valueType ??
    def.catchall;
  return next === undefined ? [] : schemasAt(next, rest, member(data, head));
}

/** The branches of a union that data may belong to: of a discriminated one, that which they name. */
function branches({ options = [], discriminator }: Def, data: unknown): z.ZodType[] {
  if (discriminator === undefined) return options;
  const name = member(data, discriminator);
  return options.filter((option) => shapeOf(option)?.[discriminator]?.safeParse(name).success);
}

const member = (data: unknown, key: PropertyKey): unknown =>
  typeof data === 'object' && data !== null
    ? (data as Record<PropertyKey, unknown>)[key]
    : undefined;

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** Offset of the value at `path`, or of the nearest thing around it that is in the file. */
function offsetOf(document: Document, path: Path): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = nodeAt(document, path.slice(0, depth));
    if (node?.range) return node.range[0];
  }
  return 0;
}

function keyOffset(document: Document, path: Path, key: string): number {
  const map = nodeAt(document, path);
  const pair = isMap(map)
    ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
    : undefined;
  return isNode(pair?.key) && pair.key.range ? pair.key.range[0] : offsetOf(document, path);
}

function nodeAt(document: Document, path: Path): Node | undefined {
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  return isNode(node) ? node : undefined;
}

function formatPath(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

function showValue(value: unknown): string {
  if (isMap(value)) return 'a map';
  if (isCollection(value)) return 'a list';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
