import { CodeBuilder } from '../expression/code-builder.js';
import { constant, type Expression, input } from '../expression/expression.js';
import { expressionFormula, type Formula } from '../expression/formula.js';
import { type Hyperparameter, resolveHyperparameters } from '../optimizers/hyperparameter.js';
import type { CompiledSchedule } from '../optimizers/rule.js';

type Scalar = Expression<'scalar'>;

export interface ScheduleDefinition<P extends string = never> {
  /** e.g. `linear_decay`. */
  kind: string;
  title: string;
  source: string;
  parameters: Record<P, Hyperparameter>;
  /** The rate of step t (from 0) from the initial rate `lr`. */
  rule: (inputs: { lr: Scalar; t: Scalar; parameters: Record<P, Scalar> }) => Scalar;
}

export interface Schedule {
  readonly kind: string;
  readonly title: string;
  readonly source: string;
  readonly parameters: Readonly<Record<string, Hyperparameter>>;
  readonly formula: Formula;
  /** The engine's form. @throws RangeError when a parameter is unknown or outside its domain. */
  compile(values: Readonly<Record<string, number>>): CompiledSchedule;
}

/** A learning-rate schedule from its rule, written once. */
export function defineSchedule<P extends string = never>(
  definition: ScheduleDefinition<P>,
): Schedule {
  const { kind, title, source, parameters } = definition;
  const rate = (parameter: (name: string) => Scalar): Scalar => {
    const entries = Object.keys(parameters).map((name) => [name, parameter(name)]);
    return definition.rule({
      lr: input('lr', 'scalar'),
      t: input('t', 'scalar'),
      parameters: Object.fromEntries(entries) as Record<P, Scalar>,
    });
  };
  const compile = (values: Readonly<Record<string, number>>): CompiledSchedule => {
    const resolved = resolveHyperparameters(`schedule '${kind}'`, parameters, values);
    const builder = new CodeBuilder(['t', 'lr']);
    builder.output(
      'lr',
      rate((name) => constant(resolved[name] ?? Number.NaN)),
    );
    return { name: kind, code: builder.code() };
  };
  const formula = expressionFormula(
    'lr_t',
    rate((name) => input(name, 'scalar')),
  );
  return { kind, title, source, parameters, formula, compile };
}
