import { CodeBuilder } from '../expression/code-builder.js';
import {
  add,
  constant,
  div,
  type Expression,
  input,
  mul,
  select,
  sub,
} from '../expression/expression.js';
import { expressionFormula, type Formula } from '../expression/formula.js';
import { type Hyperparameter, resolveHyperparameters } from '../optimizers/hyperparameter.js';
import type { CompiledSchedule, Feedback } from '../optimizers/rule.js';
import { type ScheduleParameter, steps } from './parameter.js';

type Scalar = Expression<'scalar'>;

export interface ScheduleDefinition<P extends string = never, S extends string = never> {
  /** e.g. `linear_decay`. */
  kind: string;
  title: string;
  /** Where it is from: paper, section; who else has it. */
  source: string;
  parameters: Record<P, ScheduleParameter>;
  /** The rate of step t (from 0) from the initial rate `lr`. */
  rule: (inputs: {
    lr: Scalar;
    t: Scalar;
    parameters: Record<P, Scalar>;
    state: Record<S, Scalar>;
  }) => Scalar;
  /** What the schedule keeps of the measurements that it is told, for its rule. */
  feedback?: {
    /** With its first values. */
    state: Record<S, number>;
    /** The state after a measurement; lower is better. */
    next: (inputs: {
      value: Scalar;
      parameters: Record<P, Scalar>;
      state: Record<S, Scalar>;
    }) => Record<S, Scalar>;
  };
}

export interface Schedule {
  readonly kind: string;
  readonly title: string;
  readonly source: string;
  /** Its own; every schedule has those of `warmup` too. */
  readonly parameters: Readonly<Record<string, ScheduleParameter>>;
  readonly formula: Formula;
  /** Whether its rates depend on measurements. */
  readonly hasFeedback: boolean;
  /** The engine's form. @throws RangeError when a parameter is unknown or outside its domain. */
  compile(values: Readonly<Record<string, number>>): CompiledSchedule;
}

/** A straight line from a fraction of the initial rate up to it, in front of any schedule, which begins after it. */
export const warmup: Readonly<Record<'warmup_steps' | 'warmup_factor', ScheduleParameter>> = {
  warmup_steps: steps('steps of warm-up', 0, 'nonNegative'),
  warmup_factor: {
    description: 'first rate of the warm-up over initial rate',
    default: 0,
    domain: { min: 0, max: 1 },
    scale: 'linear',
  },
};

function warmedUp(
  { warmup_steps, warmup_factor }: { warmup_steps: number; warmup_factor: number },
  lr: Scalar,
  t: Scalar,
  rate: (t: Scalar) => Scalar,
): Scalar {
  if (warmup_steps === 0) return rate(t);
  const rise = add(warmup_factor, mul(1 - warmup_factor, div(t, warmup_steps)));
  return select(sub(warmup_steps, t), mul(lr, rise), rate(sub(t, warmup_steps)));
}

/** A learning-rate schedule from its rule, written once. */
export function defineSchedule<P extends string = never, S extends string = never>(
  definition: ScheduleDefinition<P, S>,
): Schedule {
  const { kind, title, source, parameters, feedback } = definition;
  const lr = input('lr', 'scalar');
  const t = input('t', 'scalar');
  const stateNames = Object.keys(feedback?.state ?? {});
  const state = scalars<S>(stateNames, (name) => input(name, 'scalar'));

  const compile = (values: Readonly<Record<string, number>>): CompiledSchedule => {
    const known: Record<string, Hyperparameter> = { ...parameters, ...warmup };
    const resolved = resolveHyperparameters(`schedule '${kind}'`, known, values);
    const number = (name: string): number => resolved[name] ?? Number.NaN;
    const numbers = scalars<P>(Object.keys(parameters), (name) => constant(number(name)));
    const builder = new CodeBuilder(['t', 'lr', ...stateNames]);
    const warm = { warmup_steps: number('warmup_steps'), warmup_factor: number('warmup_factor') };
    const rate = warmedUp(warm, lr, t, (time) =>
      definition.rule({ lr, t: time, parameters: numbers, state }),
    );
    builder.output('lr', rate);
    const compiled = { name: kind, code: builder.code() };
    return feedback ? { ...compiled, feedback: compileFeedback(feedback, numbers) } : compiled;
  };
  const symbols = scalars<P>(Object.keys(parameters), (name) => input(name, 'scalar'));
  const formula = expressionFormula('lr_t', definition.rule({ lr, t, parameters: symbols, state }));
  return { kind, title, source, parameters, formula, hasFeedback: feedback !== undefined, compile };
}

function compileFeedback<P extends string, S extends string>(
  { state, next }: NonNullable<ScheduleDefinition<P, S>['feedback']>,
  parameters: Record<P, Scalar>,
): Feedback {
  const names = Object.keys(state) as S[];
  const builder = new CodeBuilder(['value', ...names]);
  const old = scalars<S>(names, (name) => input(name, 'scalar'));
  const after = next({ value: input('value', 'scalar'), parameters, state: old });
  for (const name of names) builder.output(name, after[name]);
  return { state: names.map((name) => ({ name, init: state[name] })), code: builder.code() };
}

function scalars<K extends string>(
  names: readonly string[],
  make: (name: string) => Scalar,
): Record<K, Scalar> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<K, Scalar>;
}
