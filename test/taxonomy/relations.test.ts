import { describe, expect, it } from 'vitest';
import { input } from '../../src/expression/expression.js';
import { Philox } from '../../src/random/philox.js';
import { emulate, findPath, members } from '../../src/taxonomy/inclusion.js';
import { member } from '../../src/taxonomy/member.js';
import { relations } from '../../src/taxonomy/relations/index.js';
import type { Setting } from '../../src/taxonomy/setting.js';
import { deviation, type Rate, randomHistory, trajectory } from '../../src/taxonomy/trajectory.js';

const HISTORIES = 8;
/** A vector and a matrix. */
const SHAPES = [[3], [2, 2]] as const;
const STEPS = 25;

/** A setting of an optimizer drawn at random from its domain. */
function randomSetting(name: string, seed: number): Setting {
  const random = new Philox(seed, 1);
  const hyperparameters = Object.entries(member(name).hyperparameters).map(
    ([key, { domain, scale }]): [string, number] => {
      if (scale === 'log_complement') return [key, 0.98 * random.uniform()];
      const value = 10 ** (2 * random.uniform() - 2);
      return [key, Math.min(Math.max(value, domain.min), domain.max)];
    },
  );
  return { hyperparameters: Object.fromEntries(hyperparameters), lr: input('eta', 'scalar') };
}

const constantRate: Rate = () => 0.1;
/** Falls and rises, so that nothing hides behind monotony. */
const wavyRate: Rate = (t) => 0.1 * (1 + 0.8 * Math.sin(t));

interface Pair {
  included: string;
  including: string;
  schedules: 'any' | 'constant';
}

/** How far the including optimizer's trajectory is from the included one's at a limit, in float64. */
function distance({ included, including, schedules }: Pair, seed: number, limit: number): number {
  const shape = SHAPES[seed % SHAPES.length] ?? SHAPES[0];
  const size = shape.reduce((a, b) => a * b, 1);
  const history = { ...randomHistory(seed, size, STEPS), shape };
  const from = randomSetting(included, seed);
  const eta = schedules === 'any' ? wavyRate : constantRate;
  const setting = emulate(including, included, from.hyperparameters, limit);
  return deviation(
    trajectory(including, setting, history, eta),
    trajectory(included, from, history, eta),
    history.start,
  );
}

const seeds = Array.from({ length: HISTORIES }, (_, seed) => seed);
const label = ({ included, including }: Pair) => `${included} ⊆ ${including}`;

describe('trajectories', () => {
  const exact = relations.filter(({ limit }) => !limit);
  it.each(exact.map((relation) => [label(relation), relation] as const))(
    '%s: equal',
    (_, relation) => {
      for (const seed of seeds)
        expect(distance(relation, seed, 1), `history ${seed}`).toBeLessThan(1e-13);
    },
  );

  const limiting = relations.filter(({ limit }) => limit);
  it.each(limiting.map((relation) => [label(relation), relation] as const))(
    '%s: converge at the rate predicted',
    (_, relation) => {
      for (const seed of seeds) {
        const [near, nearer] = [1e5, 1e6].map((limit) => distance(relation, seed, limit));
        expect(nearer, `history ${seed}`).toBeLessThan(1e-2);
        const order = Math.log10((near ?? Number.NaN) / (nearer ?? Number.NaN));
        expect(Math.abs(order - (relation.limit?.order ?? 0)), `history ${seed}`).toBeLessThan(
          0.02,
        );
      }
    },
  );

  const composed = members().flatMap((included) =>
    members().flatMap((including) => {
      const path = findPath(included, including) ?? [];
      if (path.length < 2) return [];
      const { schedules, order } = emulate(including, included, {}, 1);
      return [{ included, including, schedules, order }];
    }),
  );
  it.each(composed.map((pair) => [label(pair), pair] as const))('%s: over a chain', (_, pair) => {
    for (const seed of seeds) {
      const [near, nearer] = [1e4, 1e6].map((limit) => distance(pair, seed, limit));
      if (pair.order === undefined) expect(nearer).toBeLessThan(1e-13);
      else expect(nearer).toBeLessThan(Math.max((near ?? 0) / 50, 1e-13));
    }
  });
});

describe('each relation', () => {
  it.each(relations.map((relation) => [label(relation), relation] as const))(
    '%s: names every hyperparameter of both, and stays in their domains',
    (_, { included, including, given, map }) => {
      expect([...given].sort()).toEqual(Object.keys(member(included).hyperparameters).sort());
      expect(Object.keys(map).sort()).toEqual(
        ['lr', ...Object.keys(member(including).hyperparameters)].sort(),
      );
    },
  );

  it('stands once', () => {
    expect(new Set(relations.map(label)).size).toBe(relations.length);
  });
});

describe('emulate', () => {
  it('composes relations', () => {
    const { hyperparameters, path, order } = emulate('adam', 'sgd', {}, 1e6);
    expect(path.map(label)).toEqual(['sgd ⊆ momentum', 'momentum ⊆ adam']);
    expect(hyperparameters).toEqual({ beta1: 0, beta2: 0, epsilon: 1e6 });
    expect(order).toBe(1);
  });

  it.each<[() => unknown, string]>([
    [
      () => emulate('momentum', 'adam', {}, 1),
      'no relation says that momentum includes adam; momentum includes sgd, heavyball, and adam is included in',
    ],
    [() => emulate('adam', 'momentum', { gama: 0.9 }, 1), "momentum has no 'gama'; it has gamma"],
    [() => emulate('adam', 'momentum', { gamma: 1 }, 1), 'momentum: gamma = 1 is outside [0, 1)'],
    [() => emulate('adam', 'momentun', {}, 1), "no optimizer 'momentun'"],
  ])('%# refuses', (attempt, message) => {
    expect(attempt).toThrow(message);
  });
});
