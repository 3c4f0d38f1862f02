import { type Expression, input, type Term } from '../expression/expression.js';
import { constants, evaluate, type Setting, substitute } from './setting.js';

type Scalar = Expression<'scalar'>;

export interface RelationDefinition<H extends string> {
  /** Rule names, e.g. `momentum` and `adam/pytorch`. */
  included: string;
  including: string;
  /** All hyperparameters of the included optimizer. */
  given: readonly H[];
  /**
   * The including optimizer's `lr` and all its hyperparameters. `eta` is the included one's learning rate at step `t`;
   * `limit` is what is sent to infinity.
   */
  map: (from: { eta: Scalar; t: Scalar; limit: Scalar; hyper: Record<H, Scalar> }) => {
    lr: Term<'scalar'>;
  } & Record<string, Term<'scalar'>>;
  /** Absent when the two are equal. The trajectories' distance falls as limit^−order. */
  limit?: { order: number };
  /** The learning-rate schedules of the included optimizer for which it holds. */
  schedules: 'any' | 'constant';
  /** Why, in a few sentences. */
  derivation: string;
  /** Who says so. */
  source: string;
}

/** A ⊆ B: every setting of A is matched, exactly or in a limit, by one of B. */
export interface Relation {
  readonly included: string;
  readonly including: string;
  readonly given: readonly string[];
  /** In terms of the hyperparameters of the included one, `eta`, `t` and the limit, `L`. */
  readonly map: Readonly<Record<string, Scalar>>;
  readonly limit: { readonly order: number } | undefined;
  readonly schedules: 'any' | 'constant';
  readonly derivation: string;
  readonly source: string;
  /** B's setting for one of A. */
  setting(from: Setting, limit: number): Setting;
}

/** @throws TypeError when a hyperparameter of the including optimizer depends on the step */
export function defineRelation<const H extends string>(
  definition: RelationDefinition<H>,
): Relation {
  const { included, including, given } = definition;
  const hyper = Object.fromEntries(given.map((name) => [name, input(name, 'scalar')]));
  const written = definition.map({
    eta: input('eta', 'scalar'),
    t: input('t', 'scalar'),
    limit: input('L', 'scalar'),
    hyper: hyper as Record<H, Scalar>,
  });
  const map = Object.fromEntries(
    Object.entries(written).map(([name, term]) => [
      name,
      typeof term === 'number' ? substitute(input('x', 'scalar'), constants({ x: term })) : term,
    ]),
  );
  const { lr, ...others } = map;
  if (!lr) throw new TypeError(`${included} ⊆ ${including}: the map has no 'lr'`);

  const setting = (from: Setting, limit: number): Setting => {
    const values = { ...from.hyperparameters, L: limit };
    return {
      hyperparameters: Object.fromEntries(
        Object.entries(others).map(([name, expression]) => [name, evaluate(expression, values)]),
      ),
      lr: substitute(lr, { ...constants(values), t: input('t', 'scalar'), eta: from.lr }),
    };
  };
  return { ...definition, map, limit: definition.limit, setting };
}
