import { expressionFormula } from '../expression/formula.js';
import { memberTitle } from './member.js';
import type { Relation } from './relation.js';

/** A relation for people and programs, as plain data. */
export interface RelationDescription {
  included: string;
  including: string;
  /** `Momentum ⊆ Adam` */
  title: string;
  /** The including optimizer's hyperparameters; `η` is the included one's learning rate, `L` what goes to infinity. */
  map: string[];
  mapLatex: string[];
  /** `exact`, or how near a limit comes. */
  nearness: string;
  schedules: 'any' | 'constant';
  derivation: string;
  source: string;
}

export function describeRelation(relation: Relation): RelationDescription {
  const { included, including, map, limit, schedules, derivation, source } = relation;
  const formulas = Object.entries(map).map(([name, expression]) =>
    expressionFormula(name, expression),
  );
  return {
    included,
    including,
    title: `${memberTitle(included)} ⊆ ${memberTitle(including)}`,
    map: formulas.flatMap(({ text }) => text),
    mapLatex: formulas.flatMap(({ latex }) => latex),
    nearness: limit ? `error ∝ ${limit.order === 1 ? '1/L' : `L^−${limit.order}`}` : 'exact',
    schedules,
    derivation,
    source,
  };
}
