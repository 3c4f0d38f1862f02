import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { compileModel, type Program, parseOnnxModel } from '../../src/compiler/index.js';
import { interpret } from '../../src/compiler/interpret.js';
import { createTrainer } from '../../src/engine/index.js';
import { compileRule, getOptimizer } from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { inferenceModels } from '../support/inference-models.js';
import { CASE_BATCH, modelCases } from '../support/model-cases/index.js';
import { buildModel, withWeights } from '../support/onnx-builder.js';
import { randomValues } from '../support/random-values.js';

type Values = Record<string, Float64Array>;
type Programs = { train: Program; evaluate: Program };

const loss = { kind: 'softmax_cross_entropy', labelSmoothing: 0.1 } as const;

async function trainerOf(programs: Programs, values: Values) {
  const input = programs.train.tensors.find(({ role }) => role === 'input');
  const given = values[input?.name ?? ''] ?? [];
  const inputs = input?.dtype === 'i32' ? Int32Array.from(given) : Float32Array.from(given);
  const labels = Int32Array.from(values['labels'] ?? []);
  const shape = input?.shape.slice(1) ?? [];
  const label = programs.train.tensors.find(({ role }) => role === 'label');
  const labelShape = label?.shape.slice(1) ?? [];
  const trainer = await createTrainer({
    ...programs,
    splits: {
      train: {
        inputs: [{ values: inputs, shape }],
        labels: { values: labels, shape: labelShape },
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
    trainer.setParameter(name, Float32Array.from(values[name] ?? []));
  }
  return { trainer, inputs, labels };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string) {
  expect(actual.length, what).toBe(expected.length);
  const greatest = (list: number[]) => list.reduce((a, b) => Math.max(a, b), 0);
  const scale = Math.max(1, greatest(Array.from(expected, Math.abs)));
  const worst = Array.from(expected, (value, i) => Math.abs((actual[i] ?? Number.NaN) - value));
  expect(greatest(worst) / scale, what).toBeLessThan(1e-5);
}

const logitsOf = ({ ops, tensors }: Program): string =>
  tensors[ops.find(({ kind }) => kind === 'softmax_cross_entropy')?.inputs[0] ?? -1]?.name ?? '';

describe('the engine computes what the interpreter computes', () => {
  test.each(Object.entries(modelCases))('%s', async (_, spec) => {
    const model = parseOnnxModel(buildModel(withWeights(spec, 3)));
    const programs = compileModel(model, { batchSize: CASE_BATCH, loss, initialization: 'model' });
    const values = randomValues(programs.train, 5);
    const expected = interpret(programs.train, values);
    const { trainer, inputs, labels } = await trainerOf(programs, values);

    expectClose(
      [await trainer.stepOn(inputs, labels, { update: false })],
      expected.get('cross_entropy') ?? [],
      'loss',
    );
    for (const name of trainer.parameterNames()) {
      expectClose(
        trainer.getGradient(name),
        expected.get(`${name}.grad`) ?? [],
        `gradient of ${name}`,
      );
    }
    const evaluated = interpret(programs.evaluate, values);
    expectClose(
      await trainer.predict(inputs),
      evaluated.get(logitsOf(programs.evaluate)) ?? [],
      'logits',
    );
    trainer.dispose();
  });
});

describe('the engine predicts what ONNX Runtime predicts', () => {
  const folder = new URL('../../models/', import.meta.url);
  test.each(inferenceModels)('models/%s', async (name) => {
    const bytes = readFileSync(new URL(`${name}/model.onnx`, folder));
    const programs = compileModel(parseOnnxModel(bytes), { batchSize: 4, loss });
    const values = scaled(programs.train);
    const { trainer, inputs } = await trainerOf(programs, values);
    const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
    const feeds = Object.fromEntries(
      session.inputNames.map((input) => {
        const tensor = programs.train.tensors.find(({ name: own }) => own === input);
        const given = Array.from(values[input] ?? []);
        const made =
          tensor?.dtype === 'i32'
            ? new Tensor('int64', BigInt64Array.from(given, BigInt), tensor.shape)
            : new Tensor('float32', Float32Array.from(given), tensor?.shape ?? []);
        return [input, made];
      }),
    );
    const { logits } = await session.run(feeds);
    expectClose(await trainer.predict(inputs), logits?.data as Float32Array, 'logits');
    trainer.dispose();
  });
});

/** Random values with weights of the size that layers start with, so that activations keep theirs. */
function scaled(program: Program): Values {
  const values = randomValues(program, 5);
  for (const { name, role, shape } of program.tensors) {
    if (role !== 'parameter') continue;
    const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
    values[name] = (values[name] ?? new Float64Array()).map((v) => v * Math.sqrt(6 / fanIn));
  }
  return values;
}
