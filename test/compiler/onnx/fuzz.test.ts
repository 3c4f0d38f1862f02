import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CompileError,
  compileModel,
  type Program,
  parseOnnxModel,
} from '../../../src/compiler/index.js';
import {
  type AttributeProto,
  type GraphProto,
  ModelProtoSchema,
  NodeProtoSchema,
} from '../../../src/compiler/onnx/onnx_pb.js';
import { createTrainer, zeroBatch } from '../../../src/engine/index.js';
import { compileRule, getOptimizer } from '../../../src/optimizers/index.js';
import { compileSchedule } from '../../../src/schedules/index.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Real models: ours, and the exporters' of every kind of layer. */
const files = ['models', 'test/fixtures/onnx', 'test/fixtures/exported'].flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.onnx'))
    .map((path) => readFileSync(`${root}${folder}/${path}`))
    .filter(({ length }) => length < 100_000),
);

/** Compiles, or throws a CompileError with a message; anything else fails the test. */
function survive(bytes: Uint8Array): { train: Program; evaluate: Program } | undefined {
  try {
    return compileModel(parseOnnxModel(bytes, 'fuzzed.onnx'), {
      batchSize: 2,
      loss: { kind: 'softmax_cross_entropy' },
      initialization: 'model',
    });
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    expect(error.message).toMatch(/^fuzzed\.onnx: ./);
    return undefined;
  }
}

const file = fc.constantFrom(...files);
const runs = { numRuns: 500 };

describe('damaged model files give a CompileError or a program', () => {
  test('truncated', () => {
    fc.assert(
      fc.property(file, fc.nat(), (bytes, length) => {
        survive(bytes.subarray(0, length % bytes.length));
      }),
      runs,
    );
  });

  test('with bytes replaced', () => {
    const change = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(file, fc.array(change, { minLength: 1, maxLength: 8 }), (bytes, changes) => {
        const copy = Uint8Array.from(bytes);
        for (const { at, value } of changes) copy[at % copy.length] = value;
        survive(copy);
      }),
      runs,
    );
  });

  test('with pieces moved', () => {
    const length = fc.integer({ min: 1, max: 64 });
    fc.assert(
      fc.property(file, fc.nat(), fc.nat(), length, (bytes, from, to, count) => {
        const copy = Uint8Array.from(bytes);
        copy.copyWithin(to % copy.length, from % copy.length, (from % copy.length) + count);
        survive(copy);
      }),
      runs,
    );
  });

  test('random', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        survive(bytes);
      }),
      runs,
    );
  });
});

/** A change of a graph; the numbers choose where and what. */
type Mutation = (graph: GraphProto, where: number, what: number) => void;

const pick = <T>(list: readonly T[], k: number): T | undefined => list[k % list.length];

const LENGTHS = [0n, 1n, 2n, 3n, 7n, -1n, 2n ** 31n, 2n ** 62n];

const mutations: Readonly<Record<string, Mutation>> = {
  'an attribute': (graph, where, what) => {
    const attributes = graph.node.flatMap((node) => node.attribute);
    const attribute = pick(attributes, where);
    if (attribute !== undefined) changeAttribute(attribute, what);
  },
  'the name of an attribute': (graph, where, what) => {
    const attributes = graph.node.flatMap((node) => node.attribute);
    const [attribute, other] = [pick(attributes, where), pick(attributes, what)];
    if (attribute && other) attribute.name = other.name;
  },
  'a length of a tensor': (graph, where, what) => {
    const tensor = pick(graph.initializer, where);
    if (tensor !== undefined)
      tensor.dims[what % (tensor.dims.length + 1)] = pick(LENGTHS, what) ?? 1n;
  },
  'the rank of a tensor': (graph, where, what) => {
    const tensor = pick(graph.initializer, where);
    if (tensor !== undefined)
      tensor.dims = what % 2 === 0 ? tensor.dims.slice(1) : [1n, ...tensor.dims];
  },
  'a length of an input': (graph, where, what) => {
    const value = pick(graph.input, where)?.type?.value;
    if (value?.case !== 'tensorType') return;
    const dim = pick(value.value.shape?.dim ?? [], what);
    if (dim) dim.value = { case: 'dimValue', value: pick(LENGTHS, what) ?? 1n };
  },
  'two inputs of a node': (graph, where) => {
    const node = pick(graph.node, where);
    if (node !== undefined) node.input.reverse();
  },
  'an input for another tensor': (graph, where, what) => {
    const node = pick(graph.node, where);
    const names = graph.node.flatMap(({ input }) => input);
    if (node !== undefined) node.input[what % (node.input.length + 1)] = pick(names, what) ?? '';
  },
  'an operator for another': (graph, where, what) => {
    const [node, other] = [pick(graph.node, where), pick(graph.node, what)];
    if (node && other) node.opType = other.opType;
  },
  'a node twice': (graph, where) => {
    const node = pick(graph.node, where);
    if (node === undefined) return;
    const output = node.output.map((name) => `${name}.again`);
    graph.node.splice(where % graph.node.length, 0, create(NodeProtoSchema, { ...node, output }));
    for (const reader of graph.node.slice(where % graph.node.length)) {
      reader.input = reader.input.map((name) =>
        name === node.output[0] ? (output[0] ?? '') : name,
      );
    }
  },
  'without a node': (graph, where) => {
    graph.node.splice(where % graph.node.length, 1);
  },
};

function changeAttribute(attribute: AttributeProto, what: number): void {
  const value = pick(LENGTHS, what) ?? 1n;
  if (attribute.ints.length > 0) attribute.ints[what % (attribute.ints.length + 1)] = value;
  else if (what % 5 === 0) attribute.type = what % 12;
  else attribute.i = value;
  attribute.f = pick([0, -1, 1e30, Number.NaN], what) ?? 0;
}

const change = fc.record({
  kind: fc.constantFrom(...Object.keys(mutations)),
  where: fc.nat({ max: 10_000 }),
  what: fc.nat({ max: 10_000 }),
});

function mutated(
  bytes: Uint8Array,
  changes: readonly { kind: string; where: number; what: number }[],
) {
  const model = fromBinary(ModelProtoSchema, bytes);
  const { graph } = model;
  for (const { kind, where, what } of changes) {
    if (graph !== undefined && graph.node.length > 0) mutations[kind]?.(graph, where, what);
  }
  return toBinary(ModelProtoSchema, model);
}

/** Programs whose plan takes so little that the engine runs them in no time. */
const SMALL = 2 ** 20;

const isSmall = ({ tensors, ops }: Program) =>
  ops.length < 400 &&
  tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0) < SMALL;

/** A step on zeros. @throws TypeError when the engine refuses the programs. */
async function step(programs: { train: Program; evaluate: Program }): Promise<void> {
  const trainer = await createTrainer({
    ...programs,
    splits: { train: zeroBatch(programs.train) },
    rule: compileRule(getOptimizer('sgd')),
    hyperparameters: {},
    lr: 0.1,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads: 1,
  });
  try {
    await trainer.train(1);
  } finally {
    trainer.dispose();
  }
}

/** Before a step the engine refuses what it is given, and during one an index that was calculated wrong. */
const isRefusal = (error: unknown): boolean =>
  error instanceof TypeError ||
  (error instanceof Error && /^'.*': the index \S+ /.test(error.message));

describe('real models with changes', () => {
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });

  test('give a CompileError or a program', () => {
    fc.assert(
      fc.property(file, changes, (bytes, list) => {
        survive(mutated(bytes, list));
      }),
      { numRuns: 1500 },
    );
  });

  test('what compiles, the engine runs or refuses', async () => {
    await fc.assert(
      fc.asyncProperty(file, changes, async (bytes, list) => {
        const programs = survive(mutated(bytes, list));
        if (programs === undefined || !isSmall(programs.train)) return;
        try {
          await step(programs);
        } catch (error) {
          expect(error).toSatisfy(isRefusal);
        }
      }),
      { numRuns: 300 },
    );
  });
});
