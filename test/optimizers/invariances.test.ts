import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRule, type Optimizer, optimizers, reference } from '../../src/optimizers/index.js';

const named = optimizers.map((optimizer) => [compileRule(optimizer).name, optimizer] as const);

/** Float32 as in the engine, which flushes subnormal numbers to zero. */
const float32 = (value: number): number => {
  const rounded = Math.fround(value);
  return Math.abs(rounded) < 2 ** -126 ? 0 * rounded : rounded;
};

interface Run {
  optimizer: Optimizer;
  lr?: number;
  hyperparameters?: Record<string, number>;
  start?: number;
  round?: (value: number) => number;
}

/** Parameters after each step of one parameter. */
function trajectory(
  { optimizer, lr = 0.01, hyperparameters = {}, start = 1, round }: Run,
  gradients: readonly number[],
) {
  const known = Object.entries(hyperparameters).filter(
    ([name]) => name in optimizer.hyperparameters,
  );
  const rule = reference(optimizer, 1, lr, Object.fromEntries(known), round);
  const p = Float64Array.of(start);
  const path = gradients.map((gradient) => {
    rule.step(p, Float64Array.of(gradient), Float64Array.of(gradient));
    return p[0] ?? Number.NaN;
  });
  const state = [
    ...Object.values(rule.state).flatMap((values) => [...values]),
    ...Object.values(rule.scalarState),
  ];
  return { path, state, evaluated: rule.evaluated(p)[0] };
}

const gradient = fc.oneof(
  fc.double({ min: 0.01, max: 10, noNaN: true }),
  fc.double({ min: -10, max: -0.01, noNaN: true }),
);
const history = fc.array(gradient, { minLength: 1, maxLength: 30 });
const close = (a: number, b: number, tolerance: number) =>
  expect(Math.abs(a - b)).toBeLessThan(tolerance * Math.max(1, Math.abs(a), Math.abs(b)));

describe('a rule does not depend', () => {
  // The steps that Adam and its like make of gradients c times as large are the same as ε → 0.
  const scaleFree = [
    'adam',
    'adam/pytorch',
    'nadam',
    'nadam/pytorch',
    'adamw',
    'nadamw',
    'amsgrad',
  ];
  const others = ['adamax', 'qhadam', 'adagrad', 'signsgd', 'signum', 'lion', 'schedulefree-adamw'];
  it.each(named.filter(([name]) => [...scaleFree, ...others].includes(name)))(
    '%s on the scale of gradients as ε → 0',
    (_, optimizer) => {
      fc.assert(
        fc.property(history, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (g, scale) => {
          const hyperparameters = { epsilon: 1e-30 };
          const a = trajectory({ optimizer, hyperparameters }, g);
          const b = trajectory(
            { optimizer, hyperparameters },
            g.map((value) => scale * value),
          );
          for (const [k, value] of a.path.entries()) close(value, b.path[k] ?? Number.NaN, 1e-9);
        }),
        { numRuns: 30 },
      );
    },
  );

  // Without decay, nothing but the gradient says where the parameter is.
  // LARS, LAMB and Adafactor take steps in proportion to a tensor.
  const relative = /^(lars|lamb|adafactor)/;
  const elsewhere = named.filter(([name]) => !relative.test(name));
  it.each(elsewhere)('%s on where the parameter is, without decay', (_, optimizer) => {
    fc.assert(
      fc.property(history, fc.double({ min: -100, max: 100, noNaN: true }), (g, shift) => {
        const hyperparameters = { lambda: 0 };
        const a = trajectory({ optimizer, hyperparameters, start: 0 }, g);
        const b = trajectory({ optimizer, hyperparameters, start: shift }, g);
        for (const [k, value] of a.path.entries())
          close(value + shift, b.path[k] ?? Number.NaN, 1e-9);
        close((a.evaluated ?? Number.NaN) + shift, b.evaluated ?? Number.NaN, 1e-9);
      }),
      { numRuns: 30 },
    );
  });

  it.each(named)('%s on the sign of the axis', (_, optimizer) => {
    fc.assert(
      fc.property(history, (g) => {
        const a = trajectory({ optimizer, start: 2 }, g);
        const b = trajectory(
          { optimizer, start: -2 },
          g.map((value) => -value),
        );
        expect(b.path.map((value) => -value)).toEqual(a.path);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a rule stays sane', () => {
  const sane = ({ path, state, evaluated }: ReturnType<typeof trajectory>) =>
    [...path, ...state, evaluated].every(Number.isFinite);

  it.each(named)('%s on gradients of any size that float32 squares', (_, optimizer) => {
    const size = fc.oneof(
      fc.constantFrom(0, -0, 1e-45, -1e-45, 1e-40, 2 ** -126, 1e-30, -1e-20, 1, 1e15, -1e15),
      fc.double({ min: -1e15, max: 1e15, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 40 }), (g) => {
        expect(sane(trajectory({ optimizer, lr: 1e-3, round: float32 }, g.map(float32)))).toBe(
          true,
        );
      }),
      { numRuns: 50 },
    );
  });

  it.each(named)('%s when gradients stop', (_, optimizer) => {
    const g = [1, -2, 3, ...new Array<number>(3000).fill(0)];
    const run = trajectory(
      { optimizer, lr: 1e-3, hyperparameters: { lambda: 0 }, round: float32 },
      g,
    );
    expect(sane(run)).toBe(true);
    const [last = Number.NaN, before = Number.NaN] = [run.path.at(-1), run.path.at(-100)];
    // Averages have decayed: the parameter rests but where a sign never does.
    const signed = ['signum', 'lion'].includes(optimizer.name);
    if (!signed) expect(Math.abs(last - before)).toBeLessThan(1e-3);
  });

  it.each(named)('%s spreads NaN and infinity into the parameter or its state', (_, optimizer) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const run = trajectory({ optimizer, round: float32 }, [1, bad]);
      const signOnly = optimizer.name === 'signsgd' && !Number.isNaN(bad);
      expect(sane(run)).toBe(signOnly);
    }
  });
});
