import { describe, expect, it } from 'vitest';
import { compileModel, type LossSpec, parseOnnxModel } from '../../src/compiler/index.js';
import { interpret } from '../../src/compiler/interpret.js';
import type { Program } from '../../src/compiler/program.js';
import { buildModel, withWeights } from '../support/onnx-builder.js';
import { randomValues } from '../support/random-values.js';

const OUTPUTS = 3;
/** A tanh between two matrices, and its outputs. */
const model = parseOnnxModel(
  buildModel(
    withWeights(
      {
        inputs: { x: ['N', 2], v: [2, 3], w: [3, OUTPUTS] },
        nodes: [
          { op: 'MatMul', inputs: ['x', 'v'], outputs: ['a'] },
          { op: 'Tanh', inputs: ['a'], outputs: ['h'] },
          { op: 'MatMul', inputs: ['h', 'w'], outputs: ['y'] },
        ],
        output: 'y',
      },
      3,
    ),
  ),
);
const PARAMETERS = ['v', 'w'];
type Values = Record<string, Float64Array>;

const compiled = (loss: LossSpec, batchSize: number) =>
  compileModel(model, { batchSize, loss, initialization: 'model' });

/** The Hessian of one example's mean loss by its outputs, which no loss here takes from labels. */
const hessians: Record<string, (y: readonly number[]) => number[][]> = {
  softmax_cross_entropy(y) {
    const weights = y.map(Math.exp);
    const total = weights.reduce((a, b) => a + b, 0);
    const p = weights.map((weight) => weight / total);
    return p.map((pi, i) => p.map((pj, j) => (i === j ? pi : 0) - pi * pj));
  },
  sigmoid_cross_entropy: (y) =>
    y.map((yi, i) => {
      const p = 1 / (1 + Math.exp(-yi));
      return y.map((_, j) => (i === j ? (p * (1 - p)) / OUTPUTS : 0));
    }),
  mean_squared_error: (y) => y.map((_, i) => y.map((__, j) => (i === j ? 2 / OUTPUTS : 0))),
};

/** How many labels an example has. */
const labelsPerExample = (kind: string) => (kind === 'softmax_cross_entropy' ? 1 : OUTPUTS);

/** Diagonal of JᵀHJ, mean over examples, the Jacobian J of the outputs by central differences. */
function gaussNewtonDiagonal(program: Program, kind: string, values: Values): number[] {
  const outputs = (at: Values) => [...(interpret(program, at).get('y') ?? [])];
  const y = outputs(values);
  const step = 1e-5;
  return PARAMETERS.flatMap((name) =>
    Array.from(values[name] ?? [], (value, i) => {
      const at = (moved: number) =>
        outputs({ ...values, [name]: values[name]?.with(i, moved) ?? new Float64Array() });
      const above = at(value + step);
      const below = at(value - step);
      const column = above.map((a, k) => (a - (below[k] ?? 0)) / (2 * step));
      const examples = y.length / OUTPUTS;
      let sum = 0;
      for (let n = 0; n < examples; n += 1) {
        const part = <T>(list: readonly T[]) => list.slice(n * OUTPUTS, (n + 1) * OUTPUTS);
        const j = part(column);
        const h = hessians[kind]?.(part(y)) ?? [];
        for (const [a, row] of h.entries())
          for (const [b, entry] of row.entries()) sum += (j[a] ?? 0) * entry * (j[b] ?? 0);
      }
      return sum / examples;
    }),
  );
}

const gradientOf = (results: ReadonlyMap<string, Float64Array>) =>
  PARAMETERS.flatMap((name) => [...(results.get(`${name}.grad`) ?? [])]);

describe('the mean of B ĝ² over samples is the diagonal of the Gauss–Newton matrix', () => {
  const SAMPLES = 4000;
  it.each(
    Object.keys(hessians).flatMap((kind) => [
      [kind, 1, {}] as const,
      [kind, 4, {}] as const,
      ...(kind === 'softmax_cross_entropy'
        ? [[kind, 1, { labelSmoothing: 0.3 }] as const, [kind, 2, { ignoreIndex: 1 }] as const]
        : []),
    ]),
  )('%s, %d examples, %o', (kind, batch, options) => {
    const { train } = compiled({ kind, ...options } as LossSpec, batch);
    const random = randomValues(train, 5);
    // None of them is ignored, though the model may predict it.
    const values = { ...random, labels: new Float64Array(random['labels']?.length ?? 0) };
    const expected = gaussNewtonDiagonal(train, kind, values);
    const count = batch * labelsPerExample(kind);
    const sums = expected.map(() => 0);
    const squares = expected.map(() => 0);
    for (let step = 0; step < SAMPLES; step += 1) {
      const g = gradientOf(interpret(train, values, { seed: 7n, step }, 'sampled'));
      for (const [i, value] of g.entries()) {
        const estimate = count * value ** 2;
        sums[i] = (sums[i] ?? 0) + estimate;
        squares[i] = (squares[i] ?? 0) + estimate ** 2;
      }
    }
    expect(expected).toHaveLength(15);
    for (const [i, diagonal] of expected.entries()) {
      const mean = (sums[i] ?? Number.NaN) / SAMPLES;
      const variance = (squares[i] ?? Number.NaN) / SAMPLES - mean ** 2;
      const standardError = Math.sqrt(variance / SAMPLES);
      expect(standardError).toBeLessThan(0.1 * diagonal);
      expect(Math.abs(mean - diagonal)).toBeLessThan(4.5 * standardError);
    }
  });
});

describe('sampled labels', () => {
  it('leave rows that count nowhere out', () => {
    const loss: LossSpec = { kind: 'softmax_cross_entropy', ignoreIndex: 2 };
    const { train } = compiled(loss, 4);
    const values = { ...randomValues(train, 5), labels: Float64Array.of(0, 2, -1, 1) };
    const results = interpret(train, values, { seed: 7n, step: 0 }, 'sampled');
    const rows = results.get('y.grad') ?? new Float64Array();
    const row = (n: number) => [...rows.subarray(n * OUTPUTS, (n + 1) * OUTPUTS)];
    for (const n of [1, 2]) expect(row(n)).toEqual([0, 0, 0]);
    for (const n of [0, 3]) expect(Math.max(...row(n).map(Math.abs))).toBeGreaterThan(0);
  });

  it('are refused where the loss predicts none', () => {
    const sums = parseOnnxModel(
      buildModel({
        inputs: { x: ['N', 2], w: [2, 1] },
        nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
        output: 'y',
      }),
    );
    const { train } = compileModel(sums, {
      batchSize: 2,
      loss: { kind: 'output' },
      initialization: 'glorot_uniform',
    });
    const values = randomValues(train, 5);
    expect(() => interpret(train, values, { seed: 0n, step: 0 }, 'sampled')).toThrow(
      'the loss output_loss predicts no distribution of labels',
    );
  });
});
