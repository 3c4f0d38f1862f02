import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileModel } from '../../src/compiler/index.js';
import { interpret } from '../../src/compiler/interpret.js';

interface Stored {
  shape: number[];
  values: number[];
}

/** One training step of a network by PyTorch. */
interface Recorded {
  inputs: Record<string, Stored>;
  labels: Stored;
  training: { states: Record<string, Stored> };
}

const folder = new URL('../fixtures/exported/', import.meta.url);

// The other exporters fold the normalisation away, or export what the statistics are after a step of their own.
const FILE = 'optcmp.onnx';

test('running statistics are as PyTorch leaves them', () => {
  const recorded = JSON.parse(
    readFileSync(new URL('batch-norm/network.json', folder), 'utf8'),
  ) as Recorded;
  const { inputs, labels, training } = recorded;
  const { train } = compileModel(new URL(`batch-norm/${FILE}`, folder).pathname, {
    batchSize: labels.shape[0] ?? 0,
    loss: { kind: 'softmax_cross_entropy' },
    initialization: 'model',
  });
  const input = train.tensors.find(({ role }) => role === 'input')?.name ?? '';
  const [data] = Object.values(inputs);
  const results = interpret(train, { [input]: data?.values ?? [], labels: labels.values });
  const statistics = Object.entries(training.states);
  expect(statistics.length).toBeGreaterThan(0);
  for (const [state, { values }] of statistics) {
    const after = results.get(state);
    values.forEach((value, i) => {
      expect(after?.[i], `${state}[${i}]`).toBeCloseTo(value, 5);
    });
  }
});
