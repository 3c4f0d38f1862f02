import { runCode } from '../expression/run-code.js';
import type { CompiledSchedule } from '../optimizers/rule.js';
import { constant } from './constant.js';
import { cosine } from './cosine.js';
import { cosineRestarts } from './cosine-restarts.js';
import { devDecay } from './dev-decay.js';
import { exponentialWarmup } from './exponential-warmup.js';
import { inverseSqrt } from './inverse-sqrt.js';
import { linearDecay } from './linear-decay.js';
import { oneCycle } from './one-cycle.js';
import { polynomial } from './polynomial.js';
import type { Schedule } from './schedule.js';
import { step } from './step.js';
import { trapezoid } from './trapezoid.js';

export type { ScheduleParameter } from './parameter.js';
export { defineSchedule, type Schedule, type ScheduleDefinition, warmup } from './schedule.js';

/** Every built-in schedule. */
export const schedules: readonly Schedule[] = [
  constant,
  linearDecay,
  polynomial,
  cosine,
  cosineRestarts,
  step,
  devDecay,
  inverseSqrt,
  oneCycle,
  trapezoid,
  exponentialWarmup,
];

/** A schedule by its kind, with its parameters, e.g. `{ kind: 'linear_decay', decay_steps: 500 }`. */
export interface ScheduleSpec {
  kind: string;
  [parameter: string]: number | string;
}

/** @throws RangeError naming what there is, when there is no such schedule. */
export function getSchedule(kind: string): Schedule {
  const found = schedules.find((schedule) => schedule.kind === kind);
  if (found) return found;
  throw new RangeError(
    `no schedule '${kind}'; there are ${schedules.map((s) => s.kind).join(', ')}`,
  );
}

/** @throws RangeError when the kind or a parameter is unknown, or a value is outside its domain. */
export function compileSchedule({ kind, ...parameters }: ScheduleSpec): CompiledSchedule {
  const values = Object.entries(parameters).map(([name, value]): [string, number] => {
    if (typeof value === 'number') return [name, value];
    throw new RangeError(`schedule '${kind}': ${name} = '${value}' is not a number`);
  });
  return getSchedule(kind).compile(Object.fromEntries(values));
}

/**
 * A schedule whose numbers of steps are fractions, in steps: the warm-up's of the budget, the others' of what it
 * leaves.
 *
 * @param budget steps of the run
 */
export function scaleSchedule<S extends ScheduleSpec>(spec: S, budget: number): S {
  const { parameters } = getSchedule(spec.kind);
  const warm = Math.round(Number(spec['warmup_steps'] ?? 0) * budget);
  const scaled = Object.entries(parameters).flatMap(([name, { fraction }]) => {
    const value = spec[name] ?? fraction;
    if (fraction === undefined || typeof value !== 'number') return [];
    return [[name, Math.max(1, Math.round(value * (budget - warm)))]];
  });
  return {
    ...spec,
    ...Object.fromEntries(scaled),
    ...('warmup_steps' in spec && { warmup_steps: warm }),
  };
}

/** What a schedule with feedback keeps of the measurements so far, in the order of `feedback.state`. */
export type ScheduleState = readonly number[];

/** Before the first measurement. */
export function initialState({ feedback }: CompiledSchedule): ScheduleState {
  return feedback?.state.map(({ init }) => init) ?? [];
}

/** The state after one more measurement, lower being better. */
export function observe(
  { feedback }: CompiledSchedule,
  state: ScheduleState,
  value: number,
): ScheduleState {
  return feedback ? runCode(feedback.code, [value, ...state]) : [];
}

/** The learning rate of step t (from 0), in float64. */
export function learningRate(
  schedule: CompiledSchedule,
  initial: number,
  t: number,
  state: ScheduleState = initialState(schedule),
): number {
  const names = schedule.feedback?.state.map(({ name }) => name) ?? [];
  const known = new Map([
    ['t', t],
    ['lr', initial],
    ...names.map((name, k) => [name, state[k]] as const),
  ]);
  const inputs = schedule.code.inputs.map((name) => known.get(name) ?? Number.NaN);
  const [rate = Number.NaN] = runCode(schedule.code, inputs);
  return rate;
}
