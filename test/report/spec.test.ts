import { describe, expect, it } from 'vitest';
import { specEarlyStopping, specEntry, specObjective } from '../../src/report/spec.js';
import { studySchema } from '../../src/study/study-schema.js';

describe('the study as the store keeps it', () => {
  const written = {
    name: 's',
    workloads: ['one', 'two'],
    optimizers: [
      {
        optimizer: 'adam',
        workloads: ['one'],
        space: { 'lr/epsilon': { log: [0.01, 100] }, epsilon: { log: [1e-8, 1] }, beta1: 0.9 },
        schedule: {
          kind: 'linear_decay',
          decay_steps: { uniform: [0.5, 1] },
          decay_factor: { choice: [0.1, 0.01] },
        },
        l2: { log: [1e-6, 1e-2] },
      },
      { optimizer: 'adam', workloads: ['two'], space: { lr: { log: [0.001, 1] } } },
    ],
    trials: 4,
    evaluate_every: { steps: 10 },
    objective: { metric: 'cross_entropy', over: 'final' },
  };
  // Through JSON, as the store does.
  const spec: unknown = JSON.parse(JSON.stringify(studySchema.parse(written)));

  it('says how trials were stopped early', () => {
    expect(specEarlyStopping(spec)).toBeUndefined();
    const early_stopping = { kind: 'median', warmup: 0.25, batch: 4 };
    const median = studySchema.parse({ ...written, objective: {}, early_stopping });
    expect(specEarlyStopping(median)).toMatch(
      /median rule, after 25 % of the budget: .*first 5 points trained in full; a batch has 4\.$/,
    );
    const stopped = studySchema.parse({
      ...written,
      objective: {},
      early_stopping: 'successive_halving',
    });
    expect(specEarlyStopping(stopped)).toMatch(
      /successive halving .* with 3 rungs: every trial trained for 11.1 % of the budget.* one in 3 went on/,
    );
  });

  it('has the axes that vary, those of schedule and settings too', () => {
    expect(specEntry(spec, 'one', 'adam')).toMatchObject({
      rule: 'adam',
      axes: [
        { name: 'lr/epsilon', scale: 'log', bounds: [0.01, 100] },
        { name: 'epsilon', scale: 'log', bounds: [1e-8, 1] },
        { name: 'decay_steps', scale: 'linear', bounds: [0.5, 1] },
        { name: 'decay_factor', scale: 'choice', choices: [0.1, 0.01] },
        { name: 'l2', scale: 'log', bounds: [1e-6, 1e-2] },
      ],
      schedule: 'linear_decay',
    });
    const names = ['beta1', 'beta2', 'epsilon'];
    const untuned = (workload: string) =>
      names.filter(specEntry(spec, workload, 'adam')?.untuned ?? (() => false));
    expect(untuned('one')).toEqual(['beta2']);
    expect(untuned('two')).toEqual(names);
  });

  it('counts as default what a level does not tune, with the schedule that the level sets', () => {
    const levels = [
      { name: 'rate', tune: ['lr'], schedule: { kind: 'step' } },
      { name: 'all', tune: 'all' },
    ];
    const protocol = { ...(spec as object), protocol: { levels } };
    const rate = specEntry(protocol, 'one', 'adam', 'rate');
    expect(rate?.untuned('epsilon')).toBe(true);
    expect(rate?.schedule).toBe('step');
    const all = specEntry(protocol, 'one', 'adam', 'all');
    expect(all?.untuned('epsilon')).toBe(false);
    expect(all?.schedule).toBe('linear_decay');
  });

  it('tells entries of one label on two workloads apart', () => {
    expect(specEntry(spec, 'two', 'adam')).toMatchObject({
      axes: [{ name: 'lr', bounds: [0.001, 1] }],
      schedule: 'constant',
    });
    expect(specEntry(spec, 'three', 'adam')).toBeUndefined();
  });

  it.each([
    ['adam', 'pytorch', 'adam/pytorch'],
    // One rule, whichever of its names a study gives.
    ['sgd', 'pytorch', 'sgd'],
    ['momentum', undefined, 'momentum'],
    ['unheard of', 'paper', undefined],
  ])('knows the rule of %s, %s', (optimizer, variant, rule) => {
    const foreign = { optimizers: [{ label: 'x', optimizer, variant }] };
    expect(specEntry(foreign, 'w', 'x')?.rule).toBe(rule);
  });

  it('has the objective', () => {
    expect(specObjective(spec)).toEqual({
      metric: 'cross_entropy',
      over: 'final',
      target: undefined,
      counted: 'metric',
    });
  });
});
