import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseYaml, parseYamlFile, YamlError } from '../../src/yaml/parse-yaml.js';

const axis = z.discriminatedUnion('scale', [
  z.strictObject({ scale: z.literal('log'), low: z.number().positive(), high: z.number() }),
  z.strictObject({ scale: z.literal('linear'), low: z.number(), high: z.number() }),
]);
const schema = z.strictObject({
  name: z.string(),
  steps: z.int().min(1),
  initialization: z.enum(['model', 'pytorch', 'glorot_uniform']).default('pytorch'),
  optimizers: z.array(
    z.strictObject({
      label: z.string(),
      space: z.record(z.string(), z.union([z.number(), axis])).optional(),
    }),
  ),
});

function problems(text: string) {
  try {
    parseYaml(text, schema, 'study.yaml');
  } catch (error) {
    if (error instanceof YamlError) return error.message.split('\n');
    throw error;
  }
  throw new Error('no error was thrown');
}

const good = `name: a
steps: 10
optimizers:
  - label: adam
    space: { lr: { scale: log, low: 0.001, high: 1 }, epsilon: 1.0e-8 }
`;

describe('parseYaml', () => {
  test('returns the data with defaults', () => {
    expect(parseYaml(good, schema, 'study.yaml')).toMatchObject({
      steps: 10,
      initialization: 'pytorch',
    });
  });

  test.each([
    [
      'a missing key',
      good.replace('steps: 10\n', ''),
      'study.yaml:1:1: steps: is missing; expected number',
    ],
    [
      'a wrong type',
      good.replace('10', 'ten'),
      'study.yaml:2:8: steps: expected number, found "ten"',
    ],
    [
      'an unknown key',
      `${good}initialisation: pytorch\n`,
      'study.yaml:6:1: unknown key "initialisation"; did you mean "initialization"? (allowed: name, steps, initialization, optimizers)',
    ],
    [
      'a value outside an enum',
      `${good}initialization: glorot-uniform\n`,
      'study.yaml:6:17: initialization: "glorot-uniform" is not one of the allowed values; did you mean "glorot_uniform"? (allowed: model, pytorch, glorot_uniform)',
    ],
    [
      'an unknown key deep inside',
      good.replace('label: adam', 'label: adam\n    spcae: {}'),
      'study.yaml:5:5: optimizers[0]: unknown key "spcae"; did you mean "space"? (allowed: label, space)',
    ],
    [
      'an unknown discriminator',
      good.replace('scale: log', 'scale: logg'),
      'study.yaml:5:27: optimizers[0].space.lr.scale: "logg" is not known; did you mean "log"? (allowed: log, linear)',
    ],
    [
      'a number out of range inside a union',
      good.replace('low: 0.001', 'low: -1'),
      'study.yaml:5:37: optimizers[0].space.lr.low: Too small: expected number to be >0, found -1',
    ],
  ])('names the line and what is allowed for %s', (_, text, message) => {
    expect(problems(text)).toContain(message);
  });

  test('reports every problem in the order of the file', () => {
    const found = problems(good.replace('10', '0').replace('label: adam', 'label: 3'));
    expect(found.map((line) => line.split(':')[1])).toEqual(['2', '4']);
  });

  test('names the line of a syntax error', () => {
    expect(problems('name: a\nsteps: [1, 2\n')[0]).toMatch(/^study\.yaml:\d+:\d+: /);
    expect(problems('name: a\nname: b\n')[0]).toMatch(/^study\.yaml:2:1: Map keys must be unique/);
  });

  test('refuses an alias bomb', () => {
    const rows = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 10; i++) {
      rows.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    }
    expect(problems(rows.join('\n'))[0]).toMatch(/alias/i);
  });

  test('an empty file says what is expected', () => {
    expect(problems('')[0]).toBe('study.yaml:1:1: expected object, found null');
  });

  test('names a file that cannot be read', () => {
    expect(() => parseYamlFile('/nonexistent.yaml', schema)).toThrow(
      /^\/nonexistent\.yaml:1:1: cannot read the file: ENOENT/,
    );
  });
});
