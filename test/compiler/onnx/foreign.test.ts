import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compileModel, type LossSpec } from '../../../src/compiler/index.js';
import { interpret } from '../../../src/compiler/interpret.js';

const folder = fileURLToPath(new URL('../../fixtures/foreign/', import.meta.url));

/** What a library computes for a model; record.py says what is what. */
interface Recorded {
  loss: { kind: LossSpec['kind']; value: number };
  input: { shape: number[]; values: number[] };
  labels: number[];
  gradients: Record<string, number[]>;
}

const names = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));

/** The length of what is wrong, over that of what is right. */
function distance(actual: ArrayLike<number>, expected: readonly number[]): number {
  const squares = (list: readonly number[]) => list.reduce((sum, v) => sum + v * v, 0);
  const wrong = expected.map((value, i) => (actual[i] ?? Number.NaN) - value);
  return Math.sqrt(squares(wrong) / Math.max(1e-6, squares(expected)));
}

describe('models of other libraries have the loss and the gradients that those compute', () => {
  test.each(names)('%s', (name) => {
    const recorded = JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8')) as Recorded;
    const { loss, input, labels, gradients } = recorded;
    const { train } = compileModel(`${folder}${name}.onnx`, {
      batchSize: input.shape[0] ?? 0,
      loss: { kind: loss.kind },
      initialization: 'model',
    });
    const trained = train.tensors.filter(({ role }) => role === 'parameter');
    expect(trained.map((parameter) => parameter.name).sort()).toEqual(
      Object.keys(gradients).sort(),
    );
    const fed = train.tensors.find(({ role }) => role === 'input')?.name ?? '';
    const values = interpret(train, { [fed]: input.values, labels });
    expect(values.get('cross_entropy')?.[0]).toBeCloseTo(loss.value, 5);
    for (const [parameter, expected] of Object.entries(gradients)) {
      const gradient = values.get(`${parameter}.grad`) ?? [];
      expect(distance(gradient, expected), `gradient of ${parameter}`).toBeLessThan(1e-4);
    }
  });
});
