import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { datasetSchemas } from '../../src/datasets/load-dataset.js';
import { countExamples } from '../../src/engine/count-examples.js';
import { metricNames } from '../../src/metrics/metrics.js';
import { loadWorkload, WorkloadSchema } from '../../src/workloads/index.js';
import { makeNpz } from '../datasets/make-npz.js';
import { buildModel, floats } from '../support/onnx-builder.js';

const page = readFileSync(
  fileURLToPath(new URL('../../docs/WORKLOADS.md', import.meta.url)),
  'utf8',
);
const folder = mkdtempSync(join(tmpdir(), 'optcmp-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The row of a table whose first cell has a name. */
const rowOf = (name: string) =>
  page
    .split('\n')
    .find((line) => line.startsWith('|') && line.split('|')[1]?.includes(`\`${name}\``));

test.each(Object.keys(WorkloadSchema.shape))('the key %s is explained', (key) => {
  expect(rowOf(key)).toBeDefined();
});

test.each(metricNames)('the metric %s is in the table of losses', (name) => {
  expect(page).toContain(`\`${name}\``);
});

test.each(Object.entries(datasetSchemas))('the options of %s are explained', (name, schema) => {
  const row = rowOf(name);
  for (const option of Object.keys(schema.shape)) expect(row).toContain(`\`${option}\``);
});

test('the example can be loaded', async () => {
  const model = buildModel({
    inputs: { x: ['N', 20] },
    initializers: [floats('w', [20, 3], new Float32Array(60))],
    nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    output: 'y',
  });
  writeFileSync(join(folder, 'model.onnx'), model);
  for (const [part, count] of [
    ['train', 1000],
    ['test', 200],
  ] as const) {
    const x = { shape: [count, 20], values: new Float32Array(20 * count) };
    const y = { shape: [count], values: Int32Array.from({ length: count }, (_, i) => i % 3) };
    writeFileSync(join(folder, `${part}.npz`), makeNpz({ x, y }));
  }
  const file = join(folder, 'my.workload.yaml');
  writeFileSync(file, /```yaml\n(.*?)```/s.exec(page)?.[1] ?? '');
  const { spec, splits } = await loadWorkload(file);
  expect(spec.name).toBe('my-classifier');
  expect(Object.values(splits).map(countExamples)).toEqual([800, 200, 200]);
});
