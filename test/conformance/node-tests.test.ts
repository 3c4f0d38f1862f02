import { describe, expect, test } from 'vitest';
import { CompileError } from '../../src/compiler/index.js';
import { interpret } from '../../src/compiler/interpret.js';
import { supportedOperators } from '../../src/compiler/onnx/import-graph.js';
import { size } from '../../src/compiler/ops/op-definition.js';
import { createTrainer } from '../../src/engine/index.js';
import { compileRule, getOptimizer } from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { type ConformanceCase, conformanceCases, operatorsOf } from './cases.js';
import { claimed, excluded, type Form, isExcluded, patterns } from './claims.js';
import { describeOperators, missing } from './describe-operators.js';
import {
  compute,
  type EngineCase,
  engineCase,
  type ImportedCase,
  importAsData,
  importAsKnown,
} from './run-case.js';

const all = conformanceCases.flatMap(claimed);
const required = all.filter(([{ name }, form]) => !isExcluded(`${name} ${form}`));

const imported = (test: ConformanceCase, form: Form): ImportedCase =>
  form === 'on data' ? importAsData(test) : importAsKnown(test);

/** As the project's own runner compares. */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-6;

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  Array.from(expected).forEach((value, i) => {
    const found = actual[i] ?? Number.NaN;
    if (Object.is(found, value) || found === value) return;
    const difference = Math.abs(found - value);
    expect(difference, `${what}[${i}]: ${found}, expected ${value}`).toBeLessThanOrEqual(
      ABSOLUTE + RELATIVE * Math.abs(value),
    );
  });
}

function check(test: ConformanceCase, form: Form): void {
  const results = compute(imported(test, form));
  const operators = [...operatorsOf(test.model())];
  const mayLack = operators.some((name) => Object.hasOwn(excluded.outputs, name));
  test.outputs().forEach((expected, k) => {
    const what = `output ${k}`;
    if (k > 0 && results[k] === undefined && mayLack) return;
    expect(results[k], what).toBeDefined();
    expect(results[k]?.shape, what).toEqual(expected.dims);
    expectClose(results[k]?.values ?? [], expected.values(), what);
  });
}

describe('the node tests of ONNX, by the references in float64', () => {
  test.each(required.map(([c, form]) => [c.name, form, c] as const))('%s %s', (_, form, c) => {
    check(c, form);
  });
});

describe('what is excluded', () => {
  test.each(patterns.map(({ pattern, regexp }) => [pattern, regexp] as const))(
    '%s is a test of an operator that we claim, and fails',
    (_, regexp) => {
      const tests = all.filter(([{ name }, form]) => regexp.test(`${name} ${form}`));
      expect(tests.length).toBeGreaterThan(0);
      for (const [c, form] of tests) {
        expect(() => check(c, form), `${c.name} ${form} passes: it need not be excluded`).toThrow();
      }
    },
  );
});

/** The zeros that the engine's case adds to its output. */
const shiftOf = ({ train }: EngineCase) =>
  new Float32Array(size(train.tensors.find(({ name }) => name === 'shift')?.shape));

async function trainerOf(programs: EngineCase, values: ImportedCase['values']) {
  const trainer = await createTrainer({
    ...programs,
    splits: {
      train: {
        inputs: [{ values: new Float32Array(1), shape: [1] }],
        labels: { values: new Int32Array(1), shape: [] },
      },
    },
    rule: compileRule(getOptimizer('sgd')),
    hyperparameters: {},
    lr: 0.1,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads: 1,
  });
  for (const name of trainer.parameterNames()) {
    trainer.setParameter(name, Float32Array.from(values[name] ?? shiftOf(programs)));
  }
  return trainer;
}

const allFinite = (values: ArrayLike<number>) => Array.from(values).every(Number.isFinite);

describe('the node tests of ONNX, by the engine, with gradients by the references', () => {
  const onData = required.filter(([, form]) => form === 'on data').map(([c]) => c);
  test.each(onData.map((c) => [c.name, c] as const))('%s', async (_, c) => {
    const whole = imported(c, 'on data');
    for (const [k, expected] of c.outputs().entries()) {
      const programs = engineCase(whole, k);
      if (programs === undefined) continue;
      const trainer = await trainerOf(programs, whole.values);
      const batch = new Float32Array(1);
      expectClose(await trainer.predict(batch), expected.values(), `output ${k}`);
      if (!allFinite(expected.values())) continue;
      await trainer.stepOn(batch, new Int32Array(1), { update: false });
      const given = { ...whole.values, shift: shiftOf(programs), batch, labels: [0] };
      const reference = interpret(programs.train, given);
      for (const name of trainer.parameterNames()) {
        const gradient = reference.get(`${name}.grad`);
        if (gradient) expectClose(trainer.getGradient(name), gradient, `gradient of ${name}`);
      }
      trainer.dispose();
    }
  });
});

test('of every operator that is tested we say that it is supported, or why it is not', () => {
  const tested = new Set(conformanceCases.flatMap((c) => [...namesOf(c)]));
  const own = [...tested].filter((name) => !name.includes('::'));
  for (const name of own) {
    expect(supportedOperators.includes(name), name).toBe(!Object.hasOwn(missing, name));
  }
});

/** None of a model that cannot be read. */
function namesOf(c: ConformanceCase): Set<string> {
  try {
    return operatorsOf(c.model());
  } catch (error) {
    if (error instanceof CompileError) return new Set();
    throw error;
  }
}

test('docs/OPERATORS.md is up to date (npx vitest run test/conformance -u writes it)', async () => {
  await expect(describeOperators()).toMatchFileSnapshot('../../docs/OPERATORS.md');
});
