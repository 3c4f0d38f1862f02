import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkModel } from '../../src/compiler/index.js';
import { builtinWorkloads, readWorkload } from '../../src/workloads/index.js';
import { checkOptionsOf } from '../../src/workloads/load-workload.js';

const folder = new URL('../../models/', import.meta.url);
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** One of the workloads that come with a model. */
function workloadOf(model: string) {
  const path = [...builtinWorkloads().values()].find((file) => file.includes(`/models/${model}/`));
  if (path === undefined) throw new Error(`models/${model} has no workload`);
  return readWorkload(path);
}

test('there are models', () => expect(names).toContain('2c2d'));

describe.each(names)('models/%s', (name) => {
  const record = JSON.parse(readFileSync(new URL(`${name}/model.json`, folder), 'utf8'));
  const url = new URL(`${name}/model.onnx`, folder);

  test('has the recorded checksum', () => {
    expect(createHash('sha256').update(readFileSync(url)).digest('hex')).toBe(record.sha256);
  });

  test('is what its record says', () => {
    const report = checkModel(url.pathname, checkOptionsOf(workloadOf(name)));
    expect(report.problems).toEqual([]);
    expect(report.warnings).toEqual([]);
    expect(report).toMatchObject({
      name,
      opset: record.opset,
      parameterElements: record.parameter_count,
    });
    expect(Object.fromEntries(report.parameters.map((p) => [p.name, p.shape]))).toEqual(
      record.parameters,
    );
    expect(record.licence).toBe('Apache-2.0');
  });
});
