import { Philox } from '../random/philox.js';
import { at } from './graph.js';
import { interpret } from './interpret.js';
import { size } from './ops/op-definition.js';
import type { Program, Tensor } from './program.js';

export interface GradientCheck {
  parameter: string;
  /** Elements that were checked. */
  elements: number;
  /** The greatest |gradient − finite difference| over the greatest gradient of the elements checked. */
  worst: number;
  passed: boolean;
}

export interface GradientCheckOptions {
  /** Elements a parameter. Default 2. */
  samples?: number;
  /** Keys the values and the choice of elements. Default 1. */
  seed?: number;
  /** Called after each parameter. */
  onResult?: (result: GradientCheck) => void;
}

/** A kink (of ReLU, of a maximum) between the two points spoils a difference; rarely at both steps. */
const STEPS = [1e-4, 1e-6];
/** Far above the rounding of float64 differences, far below any wrong gradient. */
const TOLERANCE = 1e-4;
/** A gradient this small against the loss is lost in the rounding of the difference. */
const NEGLIGIBLE = 1e-7;

/**
 * Compares the gradients of a training program with central differences of its loss, in float64 by the references of
 * the ops, on random data. What the program is given starts as its file says, and else at random.
 */
export function checkGradients(
  program: Program,
  { samples = 2, seed = 1, onResult }: GradientCheckOptions = {},
): GradientCheck[] {
  const random = new Philox(seed);
  const values = randomValues(program, random);
  const gradients = interpret(program, values);
  const metric = at(
    program.tensors.filter(({ role }) => role === 'metric'),
    0,
  ).name;
  const forward = upTo(program, metric);
  const loss = () => interpret(forward, values).get(metric)?.[0] ?? Number.NaN;
  return program.tensors
    .filter(({ role }) => role === 'parameter')
    .map(({ name }) => {
      const gradient = gradients.get(`${name}.grad`) ?? new Float64Array();
      const value = values[name] ?? new Float64Array();
      const places = sample(gradient, samples, random);
      const scale = Math.max(NEGLIGIBLE, ...places.map((i) => Math.abs(gradient[i] ?? 0)));
      const errors = places.map((i) => {
        const differences = STEPS.map((step) => centralDifference(loss, value, i, step));
        return Math.min(...differences.map((d) => Math.abs(d - (gradient[i] ?? 0)))) / scale;
      });
      const worst = Math.max(0, ...errors.map((e) => (Number.isNaN(e) ? Infinity : e)));
      const result = {
        parameter: name,
        elements: places.length,
        worst,
        passed: worst < TOLERANCE,
      };
      onResult?.(result);
      return result;
    });
}

function centralDifference(
  loss: () => number,
  value: Float64Array,
  i: number,
  step: number,
): number {
  const start = value[i] ?? 0;
  value[i] = start + step;
  const above = loss();
  value[i] = start - step;
  const below = loss();
  value[i] = start;
  return (above - below) / (2 * step);
}

/** The place of the greatest gradient, and others at random. */
function sample(gradient: Float64Array, count: number, random: Philox): number[] {
  const greatest = gradient.reduce(
    (best, g, i) => (Math.abs(g) > Math.abs(gradient[best] ?? 0) ? i : best),
    0,
  );
  const places = new Set([greatest]);
  while (places.size < Math.min(count, gradient.length)) places.add(random.below(gradient.length));
  return [...places];
}

/** The program without what the tensor does not depend on. */
function upTo(program: Program, name: string): Program {
  const wanted = new Set([program.tensors.findIndex((tensor) => tensor.name === name)]);
  const ops = program.ops.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((id) => wanted.has(id))) return false;
    for (const id of inputs) wanted.add(id);
    return true;
  });
  return { ...program, ops: ops.reverse() };
}

function randomValues(program: Program, random: Philox): Record<string, Float64Array> {
  return Object.fromEntries(
    program.tensors.flatMap((tensor) => {
      const value = startOf(tensor, random);
      return value ? [[tensor.name, value]] : [];
    }),
  );
}

function startOf(tensor: Tensor, random: Philox): Float64Array | undefined {
  const { role, dtype, shape, data, limit = 2 } = tensor;
  const fill = (next: () => number) => Float64Array.from({ length: size(shape) }, next);
  switch (role) {
    case 'input':
    case 'label':
      if (dtype === 'i32') return fill(() => random.below(limit));
      return fill(role === 'label' ? () => random.uniform() : () => 2 * random.uniform() - 1);
    case 'parameter': {
      if (data) return Float64Array.from(data);
      const middle = tensor.initializer?.kind === 'ones' ? 1 : 0;
      // Of the size that keeps activations at theirs.
      const spread = Math.sqrt(3 / Math.max(1, size(shape.slice(1))));
      return fill(() => middle + spread * (2 * random.uniform() - 1));
    }
    default:
      return undefined;
  }
}
