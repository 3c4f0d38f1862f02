import { chooseAlgorithms } from './choose-algorithms.js';
import { CompileError } from './compile-error.js';
import { differentiate } from './differentiate.js';
import { BATCH } from './dimension.js';
import { fusePointwise } from './fuse-pointwise.js';
import { at, type Graph, type Value } from './graph.js';
import { type InitializationScheme, initializers } from './initialization.js';
import { limitIndices } from './limit-indices.js';
import { type LossSpec, withLoss } from './losses.js';
import { lower } from './lower.js';
import { type ImportOptions, importGraph } from './onnx/import-graph.js';
import { type OnnxModel, readOnnxModel } from './onnx/onnx-model.js';
import type { Program } from './program.js';
import { type Recompute, recompute } from './recompute.js';
import { setDropout } from './set-dropout.js';
import { evaluated, prune, simplify } from './simplify.js';

export interface CompileOptions extends ImportOptions {
  /** Examples a step; at least 1. */
  batchSize: number;
  loss: LossSpec;
  /** Where parameters start; `'model'` takes the values stored in the file. Default `'pytorch'`. */
  initialization?: InitializationScheme;
  /** Computes every convolution directly: slower, with rounding errors of 2e-7 of the norm in place of up to 5e-6. Default false. */
  exactConvolutions?: boolean;
  /** The ratio of every dropout in place of the model's own, in [0, 1). */
  dropout?: number | undefined;
  /** What the backward pass computes again to save memory; results are the same to the bit. Default `'none'`. */
  recompute?: Recompute;
}

/**
 * Compiles an ONNX model (a path or one already read), into the
 * programs of a training step and of an evaluation step. Both have the same parameters, under their ONNX names.
 * @throws {CompileError} naming the file, the node and what is supported.
 */
export function compileModel(
  model: OnnxModel | string,
  options: CompileOptions,
): { train: Program; evaluate: Program } {
  const read = typeof model === 'string' ? readOnnxModel(model) : model;
  try {
    return compile(read, options);
  } catch (error) {
    throw error instanceof CompileError ? error.at(read.file) : error;
  }
}

function compile(model: OnnxModel, options: CompileOptions) {
  const { batchSize, loss, initialization = 'pytorch', exactConvolutions = false } = options;
  const { dropout, recompute: policy = 'none' } = options;
  checkOptions(options);
  const { graph: imported, problems } = importGraph(model, options);
  if (imported === undefined) throw new CompileError(problems);
  const graph = dropout === undefined ? imported : setDropout(imported, dropout);
  checkBatch(graph, batchSize);
  const [batch = BATCH] = at(graph.inputs, 0).shape;
  const forTraining = fusePointwise(simplify(withLoss(graph, batch, loss)));
  // Label smoothing belongs to the training loss; the evaluation's cross-entropy is without it.
  const plain = loss.kind === 'softmax_cross_entropy' ? { ...loss, labelSmoothing: 0 } : loss;
  const evaluation = evaluated(simplify(withLoss(graph, batch, plain)));
  // Simplified once more, as dropout has become a copy.
  const forEvaluation = fusePointwise(simplify(evaluation));
  const starts = initializers(forTraining, initialization);
  const finish = (program: Graph) =>
    limitIndices(chooseAlgorithms(prune(program), exactConvolutions));
  const differentiated = differentiate(forTraining);
  const reached = new Set(differentiated.outputs.map(({ parameter }) => parameter));
  const training = keepUnreached(finish(fusePointwise(differentiated)), reached);
  return {
    train: lower(recompute(training, policy, batchSize), {
      mode: 'train',
      batchSize,
      starts,
    }),
    evaluate: lower(keepUnreached(finish(forEvaluation), reached), {
      mode: 'evaluate',
      batchSize,
      starts,
    }),
  };
}

/** Parameters that no gradient reaches, as those behind an arg max, stay as they start: states that nothing changes. */
function keepUnreached(graph: Graph, reached: ReadonlySet<Value | undefined>): Graph {
  const kept = graph.parameters.filter((parameter) => !reached.has(parameter));
  if (kept.length === 0) return graph;
  return {
    ...graph,
    parameters: graph.parameters.filter((parameter) => reached.has(parameter)),
    states: [
      ...graph.states,
      ...kept.map((value) => ({ value, next: value, initializer: { kind: 'zeros' } as const })),
    ],
  };
}

function checkOptions({ batchSize, dropout = 0 }: CompileOptions): void {
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 2 ** 24) {
    throw new CompileError(`the batch size is ${batchSize}; it must be an integer from 1 to 2^24`);
  }
  if (!(dropout >= 0 && dropout < 1)) {
    throw new CompileError(`the dropout ratio is ${dropout}; it must be in [0, 1)`);
  }
}

/** A model exported with a fixed batch runs at that batch size only. */
function checkBatch({ inputs }: Graph, batchSize: number): void {
  for (const { name, shape } of inputs) {
    const [batch] = shape;
    if (typeof batch !== 'number' || batch === batchSize) continue;
    throw new CompileError(
      `the input "${name}" has a fixed batch of ${batch}, but ${batchSize} is asked for; ` +
        'export the model with a symbolic batch axis (dynamic_shapes, or dynamic_axes in the older exporter)',
    );
  }
}
