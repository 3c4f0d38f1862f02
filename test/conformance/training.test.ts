import { describe, expect, test } from 'vitest';
import { differentiate } from '../../src/compiler/differentiate.js';
import { at, type Node, type Value } from '../../src/compiler/graph.js';
import { interpret } from '../../src/compiler/interpret.js';
import { withLoss } from '../../src/compiler/losses.js';
import { lower } from '../../src/compiler/lower.js';
import { importPlainGraph } from '../../src/compiler/onnx/import-graph.js';
import { importers } from '../../src/compiler/onnx/importers/index.js';
import { isValue } from '../../src/compiler/onnx/node-reader.js';
import type { OnnxNode } from '../../src/compiler/onnx/onnx-model.js';
import { getOptimizer } from '../../src/optimizers/index.js';
import { reference } from '../../src/optimizers/reference.js';
import { type ConformanceCase, conformanceCases, operatorsOf } from './cases.js';

const casesOf = (pattern: RegExp) => conformanceCases.filter(({ name }) => pattern.test(name));

const MOMENTUM = casesOf(/^test_(nesterov_)?momentum/);
const ADAM = casesOf(/^test_adam/);
const GRADIENT = casesOf(/^test_gradient_of/).filter((c) =>
  [...operatorsOf(c.model())].every((name) => name.endsWith('::Gradient') || name in importers),
);

function number(node: OnnxNode, name: string): number {
  const attribute = node.attributes.get(name);
  if (attribute?.kind === 'float') return attribute.value;
  throw new Error(`no attribute ${name}`);
}

function mode(node: OnnxNode): string {
  const attribute = node.attributes.get('mode');
  return attribute?.kind === 'string' ? attribute.value : '';
}

/** One tensor's update of a test: R, T, then as many parameters, gradients and slots of state as there are tensors. */
interface Update {
  node: OnnxNode;
  /** Learning rate and step. */
  rate: number;
  step: number;
  p: Float64Array;
  /** With the test's penalty: norm_coefficient times the parameter is added. */
  g: Float64Array;
  state: Float64Array[];
  expected: { p: ArrayLike<number>; state: ArrayLike<number>[] };
}

function updatesOf(c: ConformanceCase, slots: number): Update[] {
  const node = at(c.model().nodes, 0);
  const [rate, step, ...tensors] = c.inputs().map((tensor) => Float64Array.from(tensor.values()));
  const count = tensors.length / (2 + slots);
  const made = c.outputs().map((tensor) => tensor.values());
  const penalty = number(node, 'norm_coefficient');
  return Array.from({ length: count }, (_, i) => {
    const p = at(tensors, i);
    const slot = (list: readonly ArrayLike<number>[], skipped: number) =>
      Array.from({ length: slots }, (_, k) => at(list, (skipped + k) * count + i));
    return {
      node,
      rate: rate?.[0] ?? Number.NaN,
      step: step?.[0] ?? Number.NaN,
      p,
      g: at(tensors, count + i).map((g, k) => g + penalty * (p[k] ?? 0)),
      state: slot(tensors, 2).map((values) => Float64Array.from(values)),
      expected: { p: at(made, i), state: slot(made, 1) },
    };
  });
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  Array.from(expected).forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, 5);
  });
}

describe('Momentum', () => {
  test.each(MOMENTUM.map((c) => [c.name, c] as const))('%s', (_, c) => {
    for (const { node, rate, step, p, g, state, expected } of updatesOf(c, 1)) {
      // From step 1 on ONNX can damp the gradient (beta), which our rule has no counterpart of.
      expect(step).toBe(0);
      const name = mode(node) === 'nesterov' ? 'nesterov' : 'momentum';
      const gamma = number(node, 'alpha');
      const ours = reference(getOptimizer(name), p.length, rate, { gamma });
      ours.state['v']?.set(at(state, 0));
      ours.step(p, g);
      expectClose(p, expected.p);
      expectClose(ours.state['v'] ?? [], at(expected.state, 0));
    }
  });
});

describe('Adam', () => {
  test.each(ADAM.map((c) => [c.name, c] as const))('%s', (_, c) => {
    for (const { node, rate, step, p, g, state, expected } of updatesOf(c, 2)) {
      const [beta1, beta2] = [number(node, 'alpha'), number(node, 'beta')];
      // At step 0 ONNX leaves out the bias correction, which is undone in the learning rate.
      expect(step).toBe(0);
      const correction = Math.sqrt(1 - beta2) / (1 - beta1);
      const hyperparameters = { beta1, beta2, epsilon: number(node, 'epsilon') };
      const ours = reference(getOptimizer('adam'), p.length, rate / correction, hyperparameters);
      ours.state['m']?.set(at(state, 0));
      ours.state['v']?.set(at(state, 1));
      ours.step(p, g);
      expectClose(p, expected.p);
      expectClose(ours.state['m'] ?? [], at(expected.state, 0));
      expectClose(ours.state['v'] ?? [], at(expected.state, 1));
    }
  });
});

describe('Gradient', () => {
  test.each(GRADIENT.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const model = c.model();
    const last = at(model.nodes, model.nodes.length - 1);
    const y = last.attributes.get('y');
    const xs = last.attributes.get('xs');
    if (y?.kind !== 'string' || xs?.kind !== 'strings') throw new Error('no y or no xs');
    const forward = { ...model, outputs: [y.value], nodes: model.nodes.slice(0, -1) };
    const { inputs, nodes, outputs, states } = importPlainGraph(forward);
    const output = outputs[0];
    if (!isValue(output)) throw new Error('no output');

    const given = new Map(
      inputs.map((input): [Value, Value] => [input, { ...input, role: 'parameter' }]),
    );
    const graph = withLoss(
      {
        name: 'test',
        inputs: [],
        parameters: [...given.values()],
        states,
        nodes: nodes.map(
          (node) => ({ ...node, inputs: node.inputs.map((x) => given.get(x) ?? x) }) as Node,
        ),
        outputs: [output],
      },
      1,
      { kind: 'output' },
    );
    const starts = new Map(
      graph.parameters.map((p) => [p, { initializer: { kind: 'zeros' as const } }]),
    );
    const program = lower(differentiate(graph), { mode: 'train', batchSize: 1, starts });
    const values = Object.fromEntries(c.inputs().map((tensor) => [tensor.name, tensor.values()]));
    const results = interpret(program, values);
    const expected = new Map(c.outputs().map((tensor) => [tensor.name, tensor.values()]));
    expectClose(results.get(y.value) ?? [], expected.get(y.value) ?? []);
    xs.value.forEach((name, k) => {
      expectClose(results.get(`${name}.grad`) ?? [], expected.get(last.outputs[k] ?? '') ?? []);
    });
  });
});

test('each kind has its tests', () => {
  expect([MOMENTUM.length, ADAM.length]).toEqual([3, 2]);
  expect(GRADIENT.length).toBeGreaterThan(0);
});
