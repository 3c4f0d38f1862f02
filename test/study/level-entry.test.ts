import { describe, expect, it } from 'vitest';
import { protocols } from '../../src/protocols/index.js';
import { levelEntry } from '../../src/study/level-entry.js';
import { studySchema } from '../../src/study/study-schema.js';

const study = (changes: object = {}) =>
  studySchema.parse({
    name: 's',
    workloads: ['fashion-mnist-mlp'],
    trials: 4,
    evaluate_every: 1,
    optimizers: [
      {
        optimizer: 'adam',
        space: {
          'lr/epsilon': { log: [0.01, 100] },
          epsilon: { log: [1e-6, 10] },
          '1-beta1': { log: [0.01, 1] },
          beta2: 0.9,
        },
        schedule: { kind: 'linear_decay', decay_factor: { log: [1e-3, 1] } },
        l2: { log: [1e-6, 1e-2] },
      },
    ],
    ...changes,
  });

const [entry] = study().optimizers;
const protocol = (name: string) => {
  const found = protocols.find((one) => one.name === name);
  if (found === undefined || entry === undefined) throw new Error(name);
  return found.levels.map((level) => levelEntry(entry, level));
};

describe('levelEntry', () => {
  it('tunes more from level to level', () => {
    const [rate, epsilon, most, all] = protocol('schneider-2019');
    expect(Object.keys(rate?.space ?? {})).toEqual(['lr']);
    expect(rate?.untuned).toEqual(['beta1', 'beta2', 'epsilon']);
    expect(rate?.schedule.kind).toBe('constant');
    expect(rate?.l2).toBeUndefined();
    // ε tuned: the rate is again stated in relation to it.
    expect(Object.keys(epsilon?.space ?? {}).sort()).toEqual(['epsilon', 'lr/epsilon']);
    expect(Object.keys(most?.space ?? {})).toContain('1-beta1');
    expect(most?.schedule.kind).toBe('constant');
    expect(all).toEqual(entry);
  });

  it('runs the defaults when nothing is tuned', () => {
    const [oneShot] = protocol('schmidt-2021');
    expect(oneShot?.space).toEqual({});
    expect(oneShot?.untuned).toEqual(['lr', 'beta1', 'beta2', 'epsilon']);
  });

  it('says which axis a level needs', () => {
    const levels = [{ name: 'rate', tune: ['lr'] }];
    expect(() => study({ protocol: { name: 'mine', levels } })).toThrow(
      /level \\"rate\\" tunes lr, which \\"adam\\" states only in relation to what the level does not tune; give the level `axes: { lr: … }`/,
    );
  });

  it('refuses what no optimizer has, and names the protocols there are', () => {
    const levels = [{ name: 'x', tune: ['momentun'] }];
    expect(() => study({ protocol: { name: 'mine', levels } })).toThrow(/tunes \\"momentun\\"/);
    expect(() => study({ protocol: 'choi-2018' })).toThrow(/did you mean \\"choi-2019\\"/);
  });
});
