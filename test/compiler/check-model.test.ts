import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import {
  CompileError,
  checkModel,
  compileModel,
  formatReport,
  parseOnnxModel,
} from '../../src/compiler/index.js';
import { buildModel, floats, type ModelSpec } from '../support/onnx-builder.js';

const scratch = mkdtempSync(join(tmpdir(), 'optcmp-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function check(spec: ModelSpec) {
  const path = join(scratch, 'model.onnx');
  writeFileSync(path, buildModel(spec));
  return checkModel(path, { batchSize: 10 });
}

describe('checkModel', () => {
  test("warns of scikit-learn's pair of probabilities as logits", () => {
    const spec: ModelSpec = {
      inputs: { x: ['N', 3], w: [3, 1] },
      initializers: [floats('one', [], [1])],
      nodes: [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['score'] },
        { op: 'Sigmoid', inputs: ['score'], outputs: ['p'] },
        { op: 'Sub', inputs: ['one', 'p'], outputs: ['q'] },
        { op: 'Concat', inputs: ['q', 'p'], outputs: ['y'], attributes: { axis: 1 } },
      ],
      output: 'y',
    };
    expect(check(spec).warnings).toEqual([
      expect.stringMatching(/^the output is two probabilities \[1 − p, p\], as scikit-learn/),
    ]);
    const scores: ModelSpec = {
      ...spec,
      nodes: spec.nodes.map((node) =>
        node.op === 'Concat' ? { ...node, inputs: ['q', 'score'] } : node,
      ),
    };
    expect(check(scores).warnings).toEqual([]);
  });

  test('says which parameters no gradient reaches, and keeps them as they are', () => {
    const spec: ModelSpec = {
      inputs: { x: ['N', 3], p: [3, 4], codes: [4, 2] },
      nodes: [
        { op: 'MatMul', inputs: ['x', 'p'], outputs: ['d'] },
        { op: 'ArgMax', inputs: ['d'], outputs: ['i'], attributes: { axis: 1, keepdims: 0 } },
        { op: 'Gather', inputs: ['codes', 'i'], outputs: ['y'] },
      ],
      output: 'y',
    };
    expect(check(spec)).toMatchObject({
      problems: [],
      warnings: ['no gradient reaches "p"; not trained'],
    });
    const { train, evaluate } = compileModel(parseOnnxModel(buildModel(spec), 'm.onnx'), {
      batchSize: 2,
      loss: { kind: 'softmax_cross_entropy' },
    });
    for (const { tensors } of [train, evaluate]) {
      const roles = Object.fromEntries(tensors.map(({ name, role }) => [name, role]));
      expect(roles).toMatchObject({ p: 'state', codes: 'parameter' });
    }
    expect(train.ops.map(({ kind }) => kind)).not.toContain('assign');
  });

  test('counts parameters, operators and operations', () => {
    const report = check({
      inputs: { x: ['N', 1, 6, 6], w: [2, 1, 3, 3], b: [2], v: [3, 32], 'not used': [7] },
      nodes: [
        { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'] },
        { op: 'Flatten', inputs: ['c'], outputs: ['f'] },
        { op: 'Gemm', inputs: ['f', 'v'], outputs: ['y'], attributes: { transB: 1 } },
      ],
      output: 'y',
    });
    expect(report).toMatchObject({
      inputs: [{ name: 'x', shape: '[N, 1, 6, 6]' }],
      output: { name: 'y', shape: '[N, 3]' },
      operators: [
        { opType: 'Conv', count: 1, supported: true },
        { opType: 'Flatten', count: 1, supported: true },
        { opType: 'Gemm', count: 1, supported: true },
      ],
      parameterElements: 18 + 2 + 96 + 7,
      problems: [],
      warnings: ['the output does not depend on "not used"; not trained'],
    });
    const conv = 2 * 10 * 2 * 4 * 4 * 9;
    const dense = 2 * 10 * 32 * 3;
    const loss = 5 * 10 * 3;
    expect(report.flops).toEqual({
      forward: conv + 10 * 2 * 4 * 4 + dense + loss,
      // The weights' gradients, and the input's of the dense layer but not of the convolution.
      backward: conv + 2 * dense,
    });
  });

  test('says that the loss takes the logits of probabilities', () => {
    const { warnings, problems } = check({
      inputs: { x: ['N', 4], w: [4, 3] },
      nodes: [
        { op: 'Gemm', inputs: ['x', 'w'], outputs: ['z'] },
        { op: 'Softmax', inputs: ['z'], outputs: ['y'] },
      ],
      output: 'y',
    });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/the output is probabilities; the loss/)]);
  });

  test('names everything that is not supported', () => {
    const report = check({
      inputs: { x: ['N', 4], w: [4, 3] },
      nodes: [
        { op: 'NonMaxSuppression', inputs: ['x'], outputs: ['a'] },
        { op: 'Gemm', inputs: ['a', 'w'], outputs: ['b'] },
        { op: 'Unique', inputs: ['b'], outputs: ['c'] },
        { op: 'Det', inputs: ['x'], outputs: ['d'] },
        { op: 'Add', inputs: ['c', 'd'], outputs: ['y'] },
      ],
      output: 'y',
    });
    expect(report.problems.map(({ node }) => node)).toEqual([
      '"nonmaxsuppression_0" (NonMaxSuppression)',
      '"unique_2" (Unique)',
      '"det_3" (Det)',
    ]);
    expect(
      report.operators.filter(({ supported }) => !supported).map(({ opType }) => opType),
    ).toEqual(['Det', 'NonMaxSuppression', 'Unique']);
    const text = formatReport(report);
    expect(text).toMatch(/Unique +1 +not supported/);
    expect(text).toMatch(/problem: node "det_3" \(Det\): operator Det is not supported/);
    expect(text).toMatch(/cannot be trained\n$/);
  });

  test('a cycle is a problem in the report', () => {
    const report = check({
      inputs: { x: ['N', 4] },
      nodes: [{ op: 'Relu', inputs: ['y'], outputs: ['y'] }],
      output: 'y',
    });
    expect(report.problems).toEqual([
      { node: '"relu_0" (Relu)', message: 'the graph has a cycle through this node' },
    ]);
  });

  test('2c2d', () => {
    const path = fileURLToPath(new URL('../../models/2c2d/model.onnx', import.meta.url));
    const text = formatReport(checkModel(path));
    expect(text).toContain('parameters  3,274,634 in 8 tensors, started by the engine');
    expect(text).toMatch(/can be trained\n$/);
  });

  test('a file that is not ONNX throws', () => {
    const path = join(scratch, 'other.onnx');
    writeFileSync(path, 'hello');
    expect(() => checkModel(path)).toThrow(CompileError);
    expect(() => checkModel(join(scratch, 'none.onnx'))).toThrow(
      /none\.onnx: cannot read the file: ENOENT/,
    );
  });
});
