import { input } from '../expression/expression.js';
import { resolveHyperparameters } from '../optimizers/index.js';
import { member } from './member.js';
import type { Relation } from './relation.js';
import { relations } from './relations/index.js';
import type { Setting } from './setting.js';

/** Every optimizer of the order, those that include nothing first. */
export function members(): string[] {
  return [...new Set(relations.flatMap(({ included, including }) => [included, including]))];
}

/** The shortest chain of relations from `included` up to `including`; none when there is none. */
export function findPath(included: string, including: string): Relation[] | undefined {
  let paths: Relation[][] = relations
    .filter((relation) => relation.included === included)
    .map((relation) => [relation]);
  const seen = new Set([included]);
  while (paths.length > 0) {
    const found = paths.find((path) => path.at(-1)?.including === including);
    if (found) return found;
    paths = paths.flatMap((path) => {
      const end = path.at(-1)?.including ?? '';
      if (seen.has(end)) return [];
      seen.add(end);
      return relations
        .filter((relation) => relation.included === end)
        .map((relation) => [...path, relation]);
    });
  }
  return undefined;
}

/** All optimizers that `name` includes, or with `up` is included in, over any number of relations. */
export function reachable(name: string, direction: 'up' | 'down'): string[] {
  return members().filter((other) =>
    direction === 'up' ? findPath(name, other) : findPath(other, name),
  );
}

/** An optimizer run so that it does what another does. */
export interface Emulation extends Setting {
  including: string;
  included: string;
  path: readonly Relation[];
  /** The trajectories' distance falls as limit^−order; undefined when they are equal. */
  order: number | undefined;
  schedules: 'any' | 'constant';
}

/**
 * How to run `including` so that it does what `included` does.
 *
 * @param hyperparameters of `included`, without the learning rate, which is the input `eta` of the result
 * @param limit what is sent to infinity along the way; larger is nearer
 * @throws RangeError when no relation says so, naming those that do, or a hyperparameter of either is unknown or outside
 * its domain
 */
export function emulate(
  including: string,
  included: string,
  hyperparameters: Readonly<Record<string, number>>,
  limit: number,
): Emulation {
  const from = member(included);
  const to = member(including);
  const path = findPath(included, including);
  if (!path) throw new RangeError(noPath(including, included));
  const start: Setting = {
    hyperparameters: resolveHyperparameters(included, from.hyperparameters, hyperparameters),
    lr: input('eta', 'scalar'),
  };
  const orders = path.flatMap((relation) => relation.limit?.order ?? []);
  const { hyperparameters: found, lr } = path.reduce(
    (setting, relation) => relation.setting(setting, limit),
    start,
  );
  return {
    hyperparameters: resolveHyperparameters(including, to.hyperparameters, found),
    lr,
    including,
    included,
    path,
    order: orders.length > 0 ? Math.min(...orders) : undefined,
    schedules: path.every(({ schedules }) => schedules === 'any') ? 'any' : 'constant',
  };
}

function noPath(including: string, included: string): string {
  const below = reachable(including, 'down');
  const above = reachable(included, 'up');
  const list = (names: readonly string[]) => names.join(', ') || 'nothing';
  return (
    `no relation says that ${including} includes ${included}; ${including} includes ${list(below)}, ` +
    `and ${included} is included in ${list(above)}`
  );
}
