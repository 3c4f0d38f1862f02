import { z } from 'zod';
import { type Axis, axisProblem } from '../sampler/axis.js';

const RANGES = ['log', 'uniform', 'logit'] as const;

const AXIS_FORMS =
  'a number, { log: [low, high] }, { uniform: [low, high] }, { logit: [low, high] } or { choice: [a, b, …] }';

type RangeKind = (typeof RANGES)[number];

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((v) => typeof v === 'number');
}

/** Reads an axis as a study file writes it; a string says what is wrong. */
function readAxis(value: unknown): Axis | string {
  if (typeof value === 'number') return { kind: 'fixed', value };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `expected ${AXIS_FORMS}`;
  }
  const { levels, ...rest } = value as Record<string, unknown>;
  const [kind, ...others] = Object.keys(rest);
  if (kind === undefined || others.length > 0) return `expected ${AXIS_FORMS}`;
  const content = rest[kind];
  if (kind === 'choice') {
    if (levels !== undefined) return 'a choice has no levels: its values are its levels';
    const numbers = Array.isArray(content) && content.every((v) => typeof v === 'number');
    return numbers ? { kind, values: content } : 'choice needs a list of numbers';
  }
  if (!RANGES.includes(kind as RangeKind)) return `unknown kind "${kind}"; expected ${AXIS_FORMS}`;
  if (!isPair(content)) return `${kind} needs two numbers: [low, high]`;
  if (levels !== undefined && typeof levels !== 'number') return 'levels must be a whole number';
  const [low, high] = content;
  const axis = { kind: kind as RangeKind, low, high };
  return levels === undefined ? axis : { ...axis, levels };
}

function toAxis(value: unknown, context: z.core.$RefinementCtx): Axis {
  const axis = readAxis(value);
  const problem = typeof axis === 'string' ? axis : axisProblem(axis);
  if (typeof axis !== 'string' && problem === undefined) return axis;
  context.addIssue({ code: 'custom', message: problem ?? 'is not an axis' });
  return z.NEVER;
}

/**
 * One axis of a search space, or a fixed number. `{ log: [low, high], levels: n }` sets the levels of a grid.
 */
export const axisSchema = z.unknown().transform(toAxis);

/** As `axisSchema`, or `default`: the optimizer's own value. */
export const axisOrDefaultSchema = z
  .unknown()
  .transform((value, context) => (value === 'default' ? value : toAxis(value, context)));
