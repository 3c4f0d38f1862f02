import { runCode } from '../expression/run-code.js';
import type { CompiledSchedule } from '../optimizers/rule.js';
import { constant } from './constant.js';
import { linearDecay } from './linear-decay.js';
import type { Schedule } from './schedule.js';

export { defineSchedule, type Schedule, type ScheduleDefinition } from './schedule.js';

/** Every built-in schedule. */
export const schedules: readonly Schedule[] = [constant, linearDecay];

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

/** The learning rate of step t (from 0), in float64. */
export function learningRate({ code }: CompiledSchedule, initial: number, t: number): number {
  const inputs = code.inputs.map((name) => (name === 't' ? t : initial));
  const [rate = Number.NaN] = runCode(code, inputs);
  return rate;
}
