import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Axis, axisProblem, axisValue, type SampledAxis } from '../../src/sampler/axis.js';
import { parseDerivedName } from '../../src/sampler/derived-name.js';
import { checkSpace, SEQUENCES, SearchSpace } from '../../src/sampler/search-space.js';

const ADAM = { lr: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const unit = fc.double({ min: 0, max: 1, noNaN: true });

const ADAM_SPACE: Record<string, Axis> = {
  'lr/epsilon': { kind: 'log', low: 1e-2, high: 1e4 },
  epsilon: { kind: 'log', low: 1e-10, high: 1e10 },
  '1-beta1': { kind: 'log', low: 1e-3, high: 1 },
  '1-beta2': { kind: 'log', low: 1e-4, high: 1 },
};

describe('axisValue', () => {
  const bounds = fc
    .tuple(fc.double({ min: 1e-12, max: 0.4 }), fc.double({ min: 0.5, max: 0.999 }))
    .filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));

  it('stays in bounds, meets them at 0 and 1, and grows', () => {
    const kinds = fc.constantFrom('log' as const, 'uniform' as const, 'logit' as const);
    fc.assert(
      fc.property(kinds, bounds, unit, unit, (kind, [low, high], u, w) => {
        const axis = { kind, low, high };
        expect(axisProblem(axis)).toBeUndefined();
        expect(axisValue(axis, 0)).toBeCloseTo(low, 12);
        expect(axisValue(axis, 1)).toBeCloseTo(high, 12);
        const [a, b] = [axisValue(axis, Math.min(u, w)), axisValue(axis, Math.max(u, w))];
        expect(a).toBeGreaterThanOrEqual(low);
        expect(b).toBeLessThanOrEqual(high);
        expect(a).toBeLessThanOrEqual(b);
      }),
    );
  });

  it('has its scale’s middle at one half', () => {
    expect(axisValue({ kind: 'log', low: 1e-4, high: 1 }, 0.5)).toBeCloseTo(1e-2, 14);
    expect(axisValue({ kind: 'uniform', low: 2, high: 4 }, 0.5)).toBe(3);
    expect(axisValue({ kind: 'logit', low: 0.1, high: 0.9 }, 0.5)).toBeCloseTo(0.5, 14);
  });

  it('gives each choice an equal share', () => {
    const axis: SampledAxis = { kind: 'choice', values: [7, 8, 9] };
    expect([0, 0.33, 0.34, 0.66, 0.67, 1].map((u) => axisValue(axis, u))).toEqual([
      7, 7, 8, 8, 9, 9,
    ]);
  });
});

describe('axisProblem', () => {
  it.each<[Axis, RegExp]>([
    [{ kind: 'log', low: 0, high: 1 }, /above 0/],
    [{ kind: 'log', low: 1, high: 1 }, /less than/],
    [{ kind: 'uniform', low: 2, high: 1 }, /less than/],
    [{ kind: 'uniform', low: Number.NaN, high: 1 }, /finite/],
    [{ kind: 'logit', low: 0.5, high: 1 }, /below 1/],
    [{ kind: 'log', low: 1, high: 2, levels: 1.5 }, /whole number/],
    [{ kind: 'choice', values: [] }, /at least one/],
    [{ kind: 'choice', values: [1, Number.POSITIVE_INFINITY] }, /finite/],
    [{ kind: 'fixed', value: Number.NaN }, /finite/],
  ])('refuses %o', (axis, message) => {
    expect(axisProblem(axis)).toMatch(message);
  });
});

describe('parseDerivedName', () => {
  it.each<[string, number, number, number]>([
    ['lr', 0.5, 0, 0.5],
    ['1-beta1', 0.25, 0, 0.75],
    ['lr/epsilon', 3, 4, 12],
    ['lr / sqrt(epsilon)', 3, 4, 6],
  ])('solves %s', (name, value, given, expected) => {
    expect(parseDerivedName(name)?.solve(value, given)).toBe(expected);
  });

  it.each(['', '1-', '2-beta', 'lr*epsilon', 'lr/epsilon/epsilon', 'sqrt(lr)', 'log(lr)'])(
    'refuses %j',
    (name) => {
      expect(parseDerivedName(name)).toBeUndefined();
    },
  );
});

describe('SearchSpace', () => {
  it('recovers the axes from the hyperparameters it gives', () => {
    const space = new SearchSpace(ADAM_SPACE, ADAM);
    fc.assert(
      fc.property(fc.array(unit, { minLength: 4, maxLength: 4 }), (u) => {
        const { point, hyperparameters: h } = space.at(u);
        const { lr = 0, epsilon = 0, beta1 = 0, beta2 = 0 } = h;
        expect(lr / epsilon / (point['lr/epsilon'] as number)).toBeCloseTo(1, 12);
        expect(epsilon).toBe(point['epsilon']);
        expect(1 - beta1).toBeCloseTo(point['1-beta1'] as number, 14);
        expect(1 - beta2).toBeCloseTo(point['1-beta2'] as number, 14);
      }),
    );
    expect(space.untuned).toEqual([]);
  });

  it('records what it leaves at the default', () => {
    const space = new SearchSpace(
      { 'lr/epsilon': { kind: 'log', low: 1, high: 10 }, beta1: { kind: 'fixed', value: 0.5 } },
      ADAM,
    );
    expect(space.untuned).toEqual(['beta2', 'epsilon']);
    expect(space.dimensions).toBe(1);
    const { point, hyperparameters } = space.at([0]);
    expect(Object.keys(point)).toEqual(['lr/epsilon']);
    expect(hyperparameters).toEqual({ lr: 1e-8, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 });
  });

  it('does not depend on the order of its axes', () => {
    const reversed = Object.fromEntries(Object.entries(ADAM_SPACE).reverse());
    const u = [0.1, 0.2, 0.3, 0.4];
    expect(new SearchSpace(reversed, ADAM).at(u)).toEqual(new SearchSpace(ADAM_SPACE, ADAM).at(u));
  });

  it.each(SEQUENCES)('samples with %s: as many distinct points as asked', (kind) => {
    const space = new SearchSpace(ADAM_SPACE, ADAM);
    const sequence = space.sequence(kind, 2n ** 63n + 7n, 64);
    const points = Array.from({ length: 64 }, (_, i) => space.at(sequence.point(i)));
    expect(new Set(points.map((p) => JSON.stringify(p))).size).toBe(64);
    for (const { hyperparameters } of points) {
      expect(Object.keys(hyperparameters).sort()).toEqual(Object.keys(ADAM).sort());
      expect(Object.values(hyperparameters).every(Number.isFinite)).toBe(true);
    }
  });

  it('counts a grid as the product of its levels', () => {
    const space = new SearchSpace(
      {
        lr: { kind: 'log', low: 1e-3, high: 1e-1, levels: 3 },
        epsilon: { kind: 'choice', values: [1e-8, 1e-4] },
      },
      ADAM,
    );
    const sequence = space.sequence('grid', 0n, 1);
    expect(sequence.count).toBe(6);
    const rates = Array.from({ length: 6 }, (_, i) => space.at(sequence.point(i)).point);
    expect(rates.map((p) => p['epsilon'])).toEqual([1e-8, 1e-4, 1e-8, 1e-4, 1e-8, 1e-4]);
    expect(rates[2]?.['lr']).toBeCloseTo(1e-2, 14);
  });

  it('knows the range of every hyperparameter', () => {
    const { '1-beta2': _, ...axes } = ADAM_SPACE;
    const space = new SearchSpace(axes, ADAM);
    expect(space.range('epsilon')).toEqual([1e-10, 1e10]);
    expect(space.range('lr')[0]).toBeCloseTo(1e-12, 24);
    expect(space.range('lr')[1]).toBe(1e14);
    expect(space.range('beta1')).toEqual([0, 0.999]);
    expect(space.range('beta2')).toEqual([0.999, 0.999]);
  });

  it('throws with every problem', () => {
    expect(
      () =>
        new SearchSpace(
          { lr: ADAM_SPACE['epsilon'] as Axis, gama: { kind: 'fixed', value: 1 } },
          ADAM,
        ),
    ).toThrow(/gama: there is no hyperparameter "gama"/);
  });
});

describe('checkSpace', () => {
  const names = Object.keys(ADAM);
  it.each<[string[], RegExp]>([
    [['lr*2'], /not an axis name/],
    [['lr/eps'], /no hyperparameter "eps" here; there are lr, beta1, beta2, epsilon/],
    [['lr', 'lr/epsilon'], /"lr" is already given by the axis "lr"/],
    [['beta1', '1-beta1'], /already given/],
    [['lr/epsilon', 'epsilon/lr'], /depends on itself/],
    [['lr/lr'], /depends on itself/],
  ])('finds what is wrong with %o', (axes, message) => {
    expect(
      checkSpace(axes, names)
        .map((p) => p.message)
        .join('\n'),
    ).toMatch(message);
  });

  it('accepts the paper’s forms', () => {
    expect(checkSpace(['lr/sqrt(epsilon)', 'epsilon', '1-beta1', '1-beta2'], names)).toEqual([]);
  });
});
