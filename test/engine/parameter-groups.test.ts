import { describe, expect, it } from 'vitest';
import { createTrainer, selectParameters, type TrainerOptions } from '../../src/engine/index.js';
import { compileRule, getOptimizer, reference } from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { mlp } from './programs.js';

const INPUTS = 7;
const HIDDEN = 18;
const CLASSES = 3;
const BATCH = 4;
const LR = 0.1;

const program = mlp('train', BATCH, INPUTS, HIDDEN, CLASSES);
const inputs = Float32Array.from({ length: BATCH * INPUTS }, (_, i) => Math.sin(i * i));
const labels = Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES);

const trainerOf = (more: Partial<TrainerOptions>) =>
  createTrainer({
    train: program,
    evaluate: mlp('evaluate', BATCH, INPUTS, HIDDEN, CLASSES),
    splits: {
      train: {
        inputs: [{ values: inputs, shape: [INPUTS] }],
        labels: { values: labels, shape: [] },
      },
    },
    rule: compileRule(getOptimizer('momentum')),
    hyperparameters: { gamma: 0.9 },
    lr: LR,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 5n,
    threads: 1,
    ...more,
  });

describe('selectParameters', () => {
  it('finds parameters by kind and by pattern, each in the first group that names it', () => {
    expect(selectParameters(program, [['output'], ['matrices'], ['b*', 'vectors']])).toEqual([
      ['w2', 'b2'],
      ['w1'],
      ['b1'],
    ]);
    expect(selectParameters(program, [['w*'], ['biases']])).toEqual([
      ['w1', 'w2'],
      ['b1', 'b2'],
    ]);
  });

  it('names a selector that selects nothing', () => {
    expect(() => selectParameters(program, [['norms']])).toThrow(
      '"norms" selects no parameter; the kinds are matrices, vectors, norms, biases, embeddings, output, ' +
        'the names w1, b1, w2, b2',
    );
    expect(() => selectParameters(program, [['matrices'], ['w1']])).toThrow(
      '"w1" selects nothing that a group before does not: w1',
    );
  });
});

describe('groups of parameters', () => {
  it('have rules, rates and decay of their own', async () => {
    const trainer = await trainerOf({
      weightDecay: 0.5,
      groups: [
        {
          parameters: ['w2'],
          rule: compileRule(getOptimizer('adam')),
          hyperparameters: { beta1: 0.9, beta2: 0.99, epsilon: 1e-3 },
          lrFactor: 0.1,
        },
        { parameters: ['b1'], weightDecay: 0.3 },
      ],
    });
    const shapes = { w1: HIDDEN * INPUTS, b1: HIDDEN, w2: CLASSES * HIDDEN, b2: CLASSES };
    const decays: Record<string, number> = {
      w1: LR * 0.5,
      b1: LR * 0.3,
      w2: 0.1 * LR * 0.5,
      b2: 0,
    };
    const references = Object.fromEntries(
      Object.entries(shapes).map(([name, size]) => [
        name,
        name === 'w2'
          ? reference(getOptimizer('adam'), size, LR * 0.1, {
              beta1: 0.9,
              beta2: 0.99,
              epsilon: 1e-3,
            })
          : reference(getOptimizer('momentum'), size, LR, { gamma: 0.9 }),
      ]),
    );
    const expected = Object.fromEntries(
      Object.keys(shapes).map((name) => [name, Float64Array.from(trainer.getParameter(name))]),
    );
    for (let step = 0; step < 5; step += 1) {
      await trainer.stepOn(inputs, labels);
      for (const [name, p] of Object.entries(expected)) {
        const decay = decays[name] ?? Number.NaN;
        for (const [i, value] of p.entries()) p[i] = value - decay * value;
        references[name]?.step(p, Float64Array.from(trainer.getGradient(name)));
      }
    }
    for (const [name, p] of Object.entries(expected)) {
      const engine = trainer.getParameter(name);
      for (const [i, value] of p.entries()) expect(engine[i]).toBeCloseTo(value, 5);
    }
    trainer.dispose();
  });

  it('change nothing when they have the settings of the rest, to the bit', async () => {
    const run = async (groups: TrainerOptions['groups']) => {
      const trainer = await trainerOf({ weightDecay: 0.1, ...(groups && { groups }) });
      for (let step = 0; step < 5; step += 1) await trainer.stepOn(inputs, labels);
      const values = ['w1', 'b1', 'w2', 'b2'].map((name) => trainer.getParameter(name));
      trainer.dispose();
      return values;
    };
    expect(await run([{ parameters: ['b2', 'w1'] }])).toEqual(await run(undefined));
  });

  it('go on to the bit after a checkpoint, which belongs to the same groups alone', async () => {
    const groups = [
      {
        parameters: ['w1'],
        rule: compileRule(getOptimizer('adam')),
        hyperparameters: { beta1: 0.9, beta2: 0.99, epsilon: 1e-3 },
      },
    ];
    const trainer = await trainerOf({ groups });
    await trainer.stepOn(inputs, labels);
    const checkpoint = await trainer.checkpoint();
    await trainer.stepOn(inputs, labels);
    const other = await trainerOf({ groups });
    await other.restore(checkpoint);
    await other.stepOn(inputs, labels);
    for (const name of ['w1', 'b1', 'w2', 'b2'])
      expect(other.getParameter(name)).toEqual(trainer.getParameter(name));
    const stranger = await trainerOf({});
    await expect(stranger.restore(checkpoint)).rejects.toThrow('belongs to another');
    for (const done of [trainer, other, stranger]) done.dispose();
  });

  it('are refused when a name is unknown or in two of them', async () => {
    await expect(trainerOf({ groups: [{ parameters: ['w9'] }] })).rejects.toThrow(
      "there is no parameter 'w9'",
    );
    await expect(
      trainerOf({ groups: [{ parameters: ['w1'] }, { parameters: ['w1'] }] }),
    ).rejects.toThrow("parameter 'w1' is in two groups");
  });
});
