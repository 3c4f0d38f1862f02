import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEQUENCES } from '../../src/sampler/search-space.js';
import { inSteps } from '../../src/study/duration-schema.js';
import { type Study, studyHash } from '../../src/study/load-study.js';
import { planTrials } from '../../src/study/plan-trials.js';
import { studySchema } from '../../src/study/study-schema.js';

const WRITTEN = {
  name: 'small',
  workloads: ['mlp', './own.yaml'],
  sampler: 'sobol',
  trials: 3,
  repetitions: 2,
  evaluate_every: 10,
  optimizers: [
    { optimizer: 'sgd', space: 'default' },
    {
      optimizer: 'rmsprop',
      space: { 'lr/sqrt(epsilon)': { log: [1, 10] }, epsilon: 4, gamma: 'default' },
      schedule: { kind: 'linear_decay', decay_steps: { uniform: [0.5, 1] }, decay_factor: 0.1 },
      l2: 1e-4,
      weight_decay: 0.5,
      label_smoothing: 0.1,
      dropout: 0.3,
      clip_norm: 2,
      clip_value: 3,
      clip_adaptive: 0.1,
      gradient_noise: 0.01,
      sam_rho: 0.05,
      exact_convolutions: true,
      precision: 'bf16',
      workloads: ['./own.yaml'],
    },
  ],
};

const study = (changes: object = {}): Study => ({
  path: '/studies/small.yaml',
  spec: studySchema.parse({ ...WRITTEN, ...changes }),
  workloadDigests: { mlp: 'a', './own.yaml': 'b' },
});

const name = (t: { workload: string; optimizer: string; number: number; repetition: number }) =>
  [t.repetition, t.number, t.workload, t.optimizer].join(' ');

describe('planTrials', () => {
  it('goes through all optimizers before the next point, and all points before the next repetition', () => {
    expect(planTrials(study()).map(name)).toEqual(
      [0, 1].flatMap((repetition) =>
        [0, 1, 2].flatMap((number) => [
          `${repetition} ${number} mlp sgd`,
          `${repetition} ${number} ./own.yaml sgd`,
          `${repetition} ${number} ./own.yaml rmsprop`,
        ]),
      ),
    );
  });

  it('gives a worker all that it must know', () => {
    const trial = planTrials(study()).find((t) => t.optimizer === 'rmsprop');
    const { point = {}, hyperparameters = {}, settings, untuned } = trial ?? {};
    expect(Object.keys(point)).toEqual(['decay_steps', 'lr/sqrt(epsilon)']);
    expect(untuned).toEqual(['rho']);
    expect(settings).toEqual({
      workload: '/studies/own.yaml',
      optimizer: 'rmsprop',
      variant: 'paper',
      lr: (point['lr/sqrt(epsilon)'] as number) * 2,
      hyperparameters: { gamma: 0, rho: 0.9, epsilon: 4 },
      schedule: { kind: 'linear_decay', decay_steps: point['decay_steps'], decay_factor: 0.1 },
      l2: 1e-4,
      weightDecay: 0.5,
      labelSmoothing: 0.1,
      dropout: 0.3,
      clipNorm: 2,
      clipValue: 3,
      clipAdaptive: 0.1,
      gradientNoise: 0.01,
      samRho: 0.05,
      exactConvolutions: true,
      precision: 'bf16',
      evaluateEvery: { steps: 10 },
      seed: trial?.seed,
      threads: 1,
    });
    expect(hyperparameters).toEqual({
      lr: settings?.lr,
      gamma: 0,
      rho: 0.9,
      epsilon: 4,
      decay_steps: point['decay_steps'],
      decay_factor: 0.1,
      l2: 1e-4,
      weight_decay: 0.5,
      label_smoothing: 0.1,
      dropout: 0.3,
      clip_norm: 2,
      clip_value: 3,
      clip_adaptive: 0.1,
      gradient_noise: 0.01,
      sam_rho: 0.05,
    });
  });

  it('repeats a point with another seed', () => {
    const trials = planTrials(study()).filter((t) => t.optimizer === 'sgd' && t.workload === 'mlp');
    const [first, again] = [trials[0], trials[3]];
    expect(again?.point).toEqual(first?.point);
    expect(again?.seed).not.toBe(first?.seed);
  });

  it('starts the n-th trials of all optimizers alike, and different trials differently', () => {
    const trials = planTrials(study());
    const seeds = new Map<string, Set<string>>();
    for (const t of trials) {
      const key = `${t.workload} ${t.number} ${t.repetition}`;
      seeds.set(key, (seeds.get(key) ?? new Set()).add(t.seed));
    }
    expect([...seeds.values()].every((set) => set.size === 1)).toBe(true);
    expect(new Set(trials.map((t) => t.seed)).size).toBe(seeds.size);
    for (const t of trials) expect(BigInt.asUintN(64, BigInt(t.seed)).toString()).toBe(t.seed);
  });

  const growing = SEQUENCES.filter((sampler) => sampler !== 'latin_hypercube');

  it.each(growing)('%s: more trials only add to what there is', (sampler) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 53 - 1 }),
        fc.integer({ min: 1, max: 20 }),
        (seed, more) => {
          const few = planTrials(study({ sampler, seed, trials: 2, repetitions: 1 }));
          const many = planTrials(study({ sampler, seed, trials: 2 + more, repetitions: 1 }));
          expect(many.slice(0, few.length)).toEqual(few);
        },
      ),
      { numRuns: 10 },
    );
  });

  it('stops at the end of each grid', () => {
    const optimizers = [2, 3].map((levels) => ({
      label: `${levels}`,
      optimizer: 'sgd',
      space: { lr: { log: [0.1, 1], levels } },
    }));
    const { trials: _, ...grid } = { ...WRITTEN, sampler: 'grid', optimizers, workloads: ['mlp'] };
    const plan = planTrials({ ...study(), spec: studySchema.parse({ ...grid, repetitions: 1 }) });
    expect(plan.map((t) => `${t.optimizer}:${t.number}`)).toEqual([
      '2:0',
      '3:0',
      '2:1',
      '3:1',
      '3:2',
    ]);
  });
});

describe('studyHash', () => {
  it.each([
    ['name', 'other'],
    ['trials', 9],
    ['repetitions', 1],
    ['objective', { over: 'final' }],
    ['workers', 7],
    ['retries', 0],
    ['timeout', 5],
    ['checkpoint_every', 1],
  ])('does not depend on %s', (key, value) => {
    expect(studyHash(study({ [key]: value }))).toBe(studyHash(study()));
  });

  it.each([
    ['seed', 1],
    ['sampler', 'halton'],
    ['budget', 100],
    ['evaluate_every', 11],
    ['threads', 2],
    ['workloads', ['./own.yaml', 'mlp2']],
    ['optimizers', [WRITTEN.optimizers[1]]],
  ])('depends on %s', (key, value) => {
    expect(studyHash(study({ [key]: value }))).not.toBe(studyHash(study()));
  });

  it.each([{ sampler: 'tpe' }, { early_stopping: 'successive_halving' }])(
    'depends on what results are read for: %j',
    (reader) => {
      for (const change of [{ trials: 9 }, { repetitions: 1 }, { objective: { over: 'final' } }])
        expect(studyHash(study({ ...reader, ...change }))).not.toBe(studyHash(study(reader)));
    },
  );

  it('depends on the content of the workloads', () => {
    const changed = { ...study(), workloadDigests: { mlp: 'a', './own.yaml': 'c' } };
    expect(studyHash(changed)).not.toBe(studyHash(study()));
  });

  it('does not depend on the order of keys, nor on where the file is', () => {
    const reversed = Object.fromEntries(Object.entries(WRITTEN).reverse());
    expect(
      studyHash({ ...study(), path: '/elsewhere/x.yaml', spec: studySchema.parse(reversed) }),
    ).toBe(studyHash(study()));
  });
});

describe('inSteps', () => {
  it('counts epochs in steps, at least one', () => {
    expect(inSteps({ steps: 7 }, 100)).toBe(7);
    expect(inSteps({ epochs: 1.5 }, 100)).toBe(150);
    expect(inSteps({ epochs: 0.001 }, 100)).toBe(1);
  });
});
