import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compileModel, type Program } from '../../../src/compiler/index.js';
import { interpret } from '../../../src/compiler/interpret.js';

const folder = fileURLToPath(new URL('../../fixtures/exported/', import.meta.url));

interface Tensor {
  shape: number[];
  values: number[];
}

/** What PyTorch computes for a network; export.py says what is what. */
interface Network {
  inputs: Record<string, Tensor>;
  labels: Tensor;
  evaluation: Tensor;
  training?: {
    loss: number;
    gradients: Record<string, Tensor>;
    states?: Record<string, Tensor>;
  };
  files: Record<string, { trains?: boolean; parameters?: string[]; error?: string }>;
}

const networks = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => {
    const text = readFileSync(`${folder}${name}/network.json`, 'utf8');
    return { name, network: JSON.parse(text) as Network };
  });

/**
 * Files whose evaluation is not the network's: tracing in training mode, the older exporter updates the running
 * statistics before it stores them; dropout of whole channels is written as plain random numbers; and batch norm that is
 * folded into weights of half precision is rounded with them.
 */
const isEvaluationOther = (path: string, program: Program) =>
  (path.endsWith('torchscript-training.onnx') &&
    program.tensors.some(({ role }) => role === 'state')) ||
  path.startsWith('dropout-2d/') ||
  /float16\/(dynamo|torchscript)\.onnx$/.test(path);

const cases = networks.flatMap(({ name, network }) =>
  Object.entries(network.files)
    .filter(([file]) => existsSync(`${folder}${name}/${file}`))
    .map(([file, about]) => [`${name}/${file}`, network, about] as const),
);

function expectClose(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.max(1e-3, ...expected.map(Math.abs));
  const worst = expected.map((value, i) => Math.abs((actual[i] ?? Number.NaN) - value));
  expect(Math.max(...worst) / scale, what).toBeLessThan(1e-4);
}

/** The tensor that the loss compares with the labels. */
const logitsOf = ({ ops, tensors }: Program): string =>
  tensors[ops.find(({ kind }) => kind === 'softmax_cross_entropy')?.inputs[0] ?? -1]?.name ?? '';

describe('networks of every kind of layer, by every exporter, compute what PyTorch computes', () => {
  test.each(cases)('%s', (path, network, about) => {
    const batchSize = Object.values(network.inputs)[0]?.shape[0] ?? 0;
    const { train, evaluate } = compileModel(`${folder}${path}`, {
      batchSize,
      loss: { kind: 'softmax_cross_entropy' },
      initialization: 'model',
    });
    const inputs = Object.values(network.inputs);
    const fed = train.tensors.filter(({ role }) => role === 'input');
    expect(fed.length).toBe(inputs.length);
    const values = {
      ...Object.fromEntries(fed.map(({ name }, k) => [name, inputs[k]?.values ?? []])),
      labels: network.labels.values,
    };
    if (!isEvaluationOther(path, train)) {
      const logits = interpret(evaluate, values).get(logitsOf(evaluate)) ?? [];
      expectClose(logits, network.evaluation.values, 'evaluation');
    }

    if (!about.trains || network.training === undefined) return;
    const { loss, gradients } = network.training;
    const trained = interpret(train, values);
    expectClose(trained.get('cross_entropy') ?? [], [loss], 'loss');
    for (const name of about.parameters ?? []) {
      const expected = gradients[name];
      if (expected === undefined) continue;
      expectClose(trained.get(`${name}.grad`) ?? [], expected.values, `gradient of ${name}`);
    }
  });
});
