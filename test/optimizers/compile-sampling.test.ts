import { describe, expect, it } from 'vitest';
import { runCode } from '../../src/expression/run-code.js';
import {
  compileRule,
  defineOptimizer,
  getOptimizer,
  less,
  matmul,
  mul,
  named,
  type Optimizer,
  optimizers,
  parseOptimizer,
  positive,
  readsSampledGradient,
  refreshed,
  sampledShare,
  select,
  square,
  sub,
  swa,
  total,
} from '../../src/optimizers/index.js';

const base = {
  name: 'mine',
  title: 'Mine',
  source: 'a test',
  lr: { description: 'rate', default: 0.1, domain: positive, scale: 'log' },
  hyperparameters: {},
} as const;

/** The steps before the 12th in which a rule reads the sampled gradient. */
function dueSteps(optimizer: Optimizer, values: Record<string, number> = {}): number[] {
  const { sampling } = compileRule(optimizer);
  if (!sampling) return [];
  expect(sampling.outputs.map(({ name }) => name)).toEqual(['due']);
  return Array.from({ length: 12 }, (_, t) => t).filter((t) => {
    const inputs = sampling.inputs.map((name) => ({ ...values, t })[name] ?? Number.NaN);
    return (runCode(sampling, inputs)[0] ?? 0) > 0;
  });
}

const inText = (rule: string, state: Record<string, number> = { h: 0 }) =>
  parseOptimizer({
    name: 'x',
    state,
    scalar_state: { n: 0 },
    hyperparameters: {
      k: { description: 'steps', default: 4, domain: '[1, 100]', scale: 'log' },
    },
    rule: `n = n; ${rule}`,
  });
const all = Array.from({ length: 12 }, (_, t) => t);

describe('the steps that read the sampled gradient', () => {
  it.each<[string, string, number[]]>([
    ['all', 'h = g_sampled; p = p - lr * h', all],
    ['none', 'h = g; p = p - lr * h', []],
    ['where a choice says so', 'h = select(less(t, 3), g_sampled, h); p = p - h', [0, 1, 2]],
    ['or the other one', 'h = select(less(t, 3), h, g_sampled); p = p - h', all.slice(3)],
    [
      'within another choice',
      'd = select(less(4, t), g_sampled, g); h = select(less(t, 7), d, h); p = p - h',
      [5, 6],
    ],
    [
      'either of two places',
      'h = select(less(t, 2), g_sampled, h); p = p - select(less(9, t), g_sampled, h)',
      [0, 1, 10, 11],
    ],
    ['by a hyperparameter', 'h = select(equal(t, 2 * k), g_sampled^2, h); p = p - h', [8]],
    ['by a scalar state', 'h = select(n - 4, g_sampled, h); p = p - h', all],
    ['wherever a choice is one of elements', 'h = select(g, g_sampled, h); p = p - h', all],
  ])('%s', (_, rule, expected) => {
    expect(dueSteps(inText(rule), { k: 4, n: 5 })).toEqual(expected);
    expect(readsSampledGradient(inText(rule))).toBe(expected.length > 0);
  });

  it('are all where a choice waits for sums', () => {
    const optimizer = defineOptimizer({
      ...base,
      rule: ({ g, g_sampled, p, lr }) => ({
        p: sub(p, mul(lr, select(sub(total(square(g)), 1), g_sampled, g))),
      }),
    });
    expect(dueSteps(optimizer)).toEqual(all);
  });

  it('are those that refresh a matrix of it', () => {
    const optimizer = defineOptimizer({
      ...base,
      factors: { l: { rank: 'left', init: 0 } },
      rule: ({ g, g_sampled, p, lr, t, factors }) => ({
        l: refreshed(less(t, 2), matmul(g_sampled, g_sampled, [false, true]), factors.l),
        p: sub(p, mul(lr, g)),
      }),
    });
    expect(dueSteps(optimizer)).toEqual([0, 1]);
  });

  it('are found in a rule whose parts are shared a great many times', () => {
    const doubled = Array.from({ length: 60 }, (_, k) => `x${k + 1}_ = x${k}_ + x${k}_`).join('; ');
    const rule = (start: string) => `x0_ = ${start}; ${doubled}; h = h; p = p - x60_`;
    expect(dueSteps(inText(rule('g_sampled')))).toEqual(all);
    const scalar = `${rule('lr').replace('p = p', 'p = select(x60_, g_sampled, p)')}`;
    expect(dueSteps(inText(scalar), { lr: 1 })).toEqual(all);
    expect(dueSteps(inText(scalar), { lr: -1 })).toEqual([]);
  });

  it('carry over to wrappers and to what trains vectors', () => {
    const sophia = getOptimizer('sophia-g');
    expect(dueSteps(swa(sophia), { every: 5 })).toEqual([0, 5, 10]);
    const split = { ...getOptimizer('sgd'), vectors: sophia };
    expect(readsSampledGradient(split)).toBe(true);
    expect(sampledShare(split, { every: 5 }, 100)).toBe(0.2);
    expect(sampledShare(sophia, {}, 100)).toBe(0.1);
    expect(sampledShare(getOptimizer('adam'), {}, 100)).toBe(0);
  });

  it('are none of the other built-in rules', () => {
    const reading = optimizers.filter(readsSampledGradient).map(({ name }) => name);
    expect(reading).toEqual(['sophia-g']);
  });
});

describe('the name', () => {
  it('is given: no state, hyperparameter or part of a rule can have it', () => {
    const taken = 'is reserved (p, g, g_sampled, t, lr, c0, c1, …)';
    const rule = 'p = p';
    expect(() => parseOptimizer({ name: 'x', state: { g_sampled: 0 }, rule })).toThrow(taken);
    expect(() => parseOptimizer({ name: 'x', rule: 'g_sampled = g; p = p' })).toThrow(
      "line 1, column 1: 'g_sampled' is given and cannot be assigned",
    );
    expect(() => parseOptimizer({ name: 'x', rule, evaluation: 'p - g_sampled' })).toThrow(
      'unknown name',
    );
    expect(() =>
      defineOptimizer({
        ...base,
        scalarState: { s: 0 },
        rule: ({ g_sampled, p }) => ({ p, s: named('s', g_sampled) as never }),
      }),
    ).toThrow("the scalar state 's' depends on single elements");
  });
});
