import { describe, expect, it } from 'vitest';
import { getSchedule, schedules } from '../../src/schedules/index.js';
import { entrySpace } from '../../src/study/entry-schema.js';
import { studySchema } from '../../src/study/study-schema.js';
import { parseYaml, YamlError } from '../../src/yaml/parse-yaml.js';

const WHOLE = `
name: small
seed: 3
workloads: [mlp, ./own.yaml]
sampler: halton
trials: 4
evaluate_every: 10
budget: { epochs: 0.5 }
optimizers:
  - optimizer: sgd
    space: { lr: { log: [1e-3, 1] } }
  - optimizer: adam
    variant: pytorch
    space:
      lr/epsilon: { log: [1, 10] }
      epsilon: { uniform: [1e-8, 1] }
      1-beta1: { choice: [0.1, 0.5] }
    schedule: { kind: linear_decay, decay_steps: 0.9, decay_factor: { log: [1e-3, 1] } }
    l2: { log: [1e-6, 1e-2] }
    workloads: [mlp]
`;

const parse = (text: string) => parseYaml(text, studySchema, 'study.yaml');

/** What the error says of the study with `from` replaced by `to`. */
function complaint(from: string, to: string): string {
  expect(WHOLE).toContain(from);
  try {
    parse(WHOLE.replace(from, to));
  } catch (error) {
    expect(error).toBeInstanceOf(YamlError);
    return (error as Error).message;
  }
  throw new Error('accepted');
}

describe('a study file', () => {
  it('is read with every default written out', () => {
    const spec = parse(WHOLE);
    expect(spec).toMatchObject({
      name: 'small',
      seed: 3,
      trials: 4,
      repetitions: 1,
      threads: 1,
      retries: 2,
      budget: { epochs: 0.5 },
      evaluate_every: { steps: 10 },
      objective: { metric: 'classification_error', split: 'validation', over: 'best' },
    });
    expect(spec.optimizers[0]).toMatchObject({
      label: 'sgd',
      variant: 'paper',
      schedule: { kind: 'constant' },
      untuned: [],
    });
    expect(spec.optimizers[1]).toMatchObject({
      label: 'adam/pytorch',
      untuned: ['beta2'],
      l2: { kind: 'log', low: 1e-6, high: 1e-2 },
      schedule: { kind: 'linear_decay', decay_steps: { kind: 'fixed', value: 0.9 } },
      space: { '1-beta1': { kind: 'choice', values: [0.1, 0.5] } },
    });
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });

  it.each(schedules.map(({ kind }) => kind))('may have the schedule %s', (kind) => {
    const old = 'kind: linear_decay, decay_steps: 0.9, decay_factor: { log: [1e-3, 1] }';
    const warm = `kind: ${kind}, warmup_steps: { uniform: [0, 0.2] }`;
    expect(WHOLE).toContain(old);
    const [, entry] = parse(WHOLE.replace(old, warm)).optimizers;
    const { kind: found, warmup_steps, ...rest } = { ...entry?.schedule };
    expect(found).toBe(kind);
    expect(warmup_steps).toEqual({ kind: 'uniform', low: 0, high: 0.2 });
    expect(Object.keys(rest)).toEqual(Object.keys(getSchedule(kind).parameters));
    expect(entry && entrySpace(entry).dimensions).toBe(5);
  });

  it('may leave a space to us', () => {
    const spec = parse(WHOLE.replace('space: { lr: { log: [1e-3, 1] } }', 'space: default'));
    expect(spec.optimizers[0]?.space).toEqual({ lr: { kind: 'log', low: 1e-4, high: 10 } });
  });

  it.each([
    ['sgd', 'lr'],
    ['momentum', 'lr'],
    ['nesterov', 'lr'],
    ['rmsprop', 'lr/sqrt(epsilon)'],
    ['adam', 'lr/epsilon'],
    ['nadam', 'lr/epsilon'],
    ['lars', '1-gamma'],
    ['lamb', 'max_trust'],
    ['adafactor', 'decay'],
    ['adafactor, variant: pytorch', 'lambda'],
    ['muon', 'adam_ratio'],
    ['shampoo', 'lr/sqrt(epsilon)'],
    ['soap', 'lr/epsilon'],
    ['prodigy', 'd_factor'],
    ['dadapt-adam', 'd0'],
  ])('has a default space of %s that tunes everything', (optimizer, axis) => {
    const text = `${WHOLE.split('optimizers:')[0]}optimizers: [{ optimizer: ${optimizer}, space: default }]`;
    const [entry] = parse(text).optimizers;
    expect(entry?.untuned).toEqual([]);
    expect(Object.keys(entry?.space ?? {})).toContain(axis);
  });

  it('may name a default, which then counts as chosen', () => {
    const spec = parse(WHOLE.replace('1-beta1: { choice: [0.1, 0.5] }', 'beta2: default'));
    expect(spec.optimizers[1]?.space['beta2']).toEqual({ kind: 'fixed', value: 0.999 });
    expect(spec.optimizers[1]?.untuned).toEqual(['beta1']);
  });

  it('takes the number of trials from a grid', () => {
    const spec = parse(
      WHOLE.replace('halton', 'grid')
        .replace('trials: 4\n', '')
        .replace('[1e-3, 1]', '[1e-3, 1], levels: 7'),
    );
    // Adam: lr/epsilon × epsilon × 1-beta1 × decay_factor × l2.
    expect(spec.trials).toBe(5 * 5 * 2 * 5 * 5);
  });
});

describe('an error in a study file names the line and what is allowed', () => {
  it.each<[string, string, string, RegExp]>([
    [
      'an unknown optimizer',
      'optimizer: sgd',
      'optimizer: sdg',
      /^study\.yaml:10:\d+: optimizers\[0\]\.optimizer: there is no such optimizer; did you mean "sgd"\? \(allowed: sgd, momentum, .*"sdg"$/,
    ],
    [
      'an unknown variant',
      'variant: pytorch',
      'variant: torch',
      /^study\.yaml:13:.*variant.*allowed: paper, pytorch/,
    ],
    [
      'a missing space',
      'space: { lr: { log: [1e-3, 1] } }',
      'l2: 0',
      /optimizers\[0\]\.space: .*missing/,
    ],
    [
      'an unknown hyperparameter',
      '1-beta1:',
      '1-beta:',
      /^study\.yaml:17:.*no hyperparameter "beta" here; there are lr, beta1, beta2, epsilon; did you mean "beta\d"/,
    ],
    [
      'a hyperparameter given twice',
      '1-beta1:',
      'lr:',
      /"lr" is already given by the axis "lr\/epsilon"/,
    ],
    [
      'a name of no form',
      '1-beta1:',
      'log(beta1):',
      /not an axis name; write one of x, 1-x, x\/y, x\/sqrt\(y\)/,
    ],
    [
      'a value out of its domain',
      '{ choice: [0.1, 0.5] }',
      '{ choice: [0, 0.5] }',
      /^study\.yaml:17:.*space\.1-beta1: gives beta1 = 0\.5 to 1, outside its domain \[0, 1\)/,
    ],
    [
      'a derived value out of its domain',
      'lr/epsilon: { log: [1, 10] }',
      'lr/epsilon: { uniform: [-1, 10] }',
      /space\.lr\/epsilon: gives lr = -1 to 10, outside/,
    ],
    [
      'bounds in the wrong order',
      '{ log: [1e-3, 1] } }',
      '{ log: [1, 1e-3] } }',
      /^study\.yaml:11:.*lower bound 1 must be less than the upper bound 0\.001/,
    ],
    [
      'a log axis from zero',
      '{ log: [1e-3, 1] } }',
      '{ log: [0, 1] } }',
      /log needs a lower bound above 0/,
    ],
    [
      'an unknown kind of axis',
      '{ log: [1e-3, 1] } }',
      '{ lgo: [1e-3, 1] } }',
      /unknown kind "lgo"; expected a number, \{ log/,
    ],
    [
      'one bound',
      '{ log: [1e-3, 1] } }',
      '{ log: [1e-3] } }',
      /log needs two numbers: \[low, high\]/,
    ],
    [
      'text for an axis',
      '{ log: [1e-3, 1] } }',
      'small }',
      /space\.lr: expected a number, \{ log.*found "small"/,
    ],
    [
      'a default of a derived form',
      '1-beta1: { choice: [0.1, 0.5] }',
      '1-beta1: default',
      /only a hyperparameter has a default \(lr, beta1/,
    ],
    [
      'a word for a space',
      'space: { lr: { log: [1e-3, 1] } }',
      'space: wide',
      /optimizers\[0\]\.space.*allowed: default/,
    ],
    [
      'an unknown schedule',
      'kind: linear_decay',
      'kind: linear',
      /schedule\.kind.*"linear".*allowed: constant, linear_decay/,
    ],
    [
      'a schedule with a word for a number',
      'decay_steps: 0.9',
      'decay_steps: late',
      /schedule\.decay_steps: expected a number, \{ log/,
    ],
    [
      'a schedule with a parameter of another',
      'decay_steps: 0.9',
      'period: 0.9',
      /unknown key "period"/,
    ],
    [
      'a metric for a schedule that listens to none',
      'decay_steps: 0.9',
      'metric: cross_entropy',
      /unknown key "metric"/,
    ],
    [
      'a schedule longer than the budget',
      'decay_steps: 0.9',
      'decay_steps: 1.5',
      /^study\.yaml:18:.*decay_steps = 1\.5, outside its domain \(0, 1\]/,
    ],
    [
      'a negative penalty',
      'l2: { log: [1e-6, 1e-2] }',
      'l2: -1',
      /^study\.yaml:19:.*l2 = -1, outside its domain \[0, ∞\)/,
    ],
    ['an unknown key', 'l2:', 'l3:', /unknown key "l3".*did you mean "l2"/],
    [
      'an unknown key of the study',
      'evaluate_every',
      'evalute_every',
      /unknown key "evalute_every"; did you mean "evaluate_every"/,
    ],
    [
      'an unknown sampler',
      'halton',
      'haltn',
      /did you mean "halton"\?.*allowed: halton, sobol, random, latin_hypercube, grid, tpe/,
    ],
    [
      'a model for points that a protocol plans',
      'sampler: halton',
      'protocol: choi-2019\nsampler: tpe',
      /sampler: level "final space" of the protocol has a search of its own kind, "narrow"/,
    ],
    [
      'early stopping of a model’s proposals',
      'sampler: halton',
      'early_stopping: successive_halving\nsampler: tpe',
      /early_stopping: needs points that do not depend on results/,
    ],
    [
      'early stopping in a narrowing search',
      'sampler: halton',
      'early_stopping: successive_halving\nprotocol: choi-2019',
      /early_stopping: does not go with level "final space" of the protocol, a "narrow" search/,
    ],
    [
      'a factor of early stopping that stops nothing',
      'sampler: halton',
      'early_stopping: { kind: successive_halving, factor: 1 }\nsampler: halton',
      /early_stopping\.factor: /,
    ],
    ['no end of a sampler', 'trials: 4', '', /trials: is missing; the sampler "halton" has no end/],
    [
      'half a step',
      'evaluate_every: 10',
      'evaluate_every: 0.5',
      /evaluate_every: expected a whole number of steps from 1/,
    ],
    [
      'two budgets',
      '{ epochs: 0.5 }',
      '{ epochs: 0.5, steps: 3 }',
      /budget: expected a whole number of steps/,
    ],
    [
      'a workload that is not there',
      'workloads: [mlp]',
      'workloads: [cnn]',
      /^study\.yaml:20:.*not one of the study's workloads \(allowed: mlp, \.\/own\.yaml\)/,
    ],
    ['a workload twice', './own.yaml', 'mlp', /listed twice/],
    [
      'a label twice',
      'optimizer: adam',
      'label: sgd\n    optimizer: adam',
      /another entry is called "sgd" too/,
    ],
    ['a seed below zero', 'seed: 3', 'seed: -3', /seed/],
    ['no optimizers', 'optimizers:', 'optimizers: []\nothers:', /optimizers: .*>=1/],
  ])('%s', (_, from, to, message) => {
    expect(complaint(from, to)).toMatch(message);
  });

  it('lists every error', () => {
    expect(complaint('halton', 'haltn').split('\n')).toHaveLength(1);
    const text = WHOLE.replace('halton', 'haltn').replace('sgd', 'sdg');
    expect(() => parse(text)).toThrow(/sampler[\s\S]*sdg/);
  });

  it('a grid too large to run', () => {
    const big = 'space: { lr: { log: [1e-3, 1], levels: 2000000 } }';
    const text = WHOLE.replace('halton', 'grid').replace('space: { lr: { log: [1e-3, 1] } }', big);
    expect(() => parse(text)).toThrow(/2000000 points; at most 1000000/);
  });
});
