import { chooseAlgorithms } from './choose-algorithms.js';
import { CompileError } from './compile-error.js';
import { differentiate } from './differentiate.js';
import { BATCH } from './dimension.js';
import { fusePointwise } from './fuse-pointwise.js';
import { at, type Graph } from './graph.js';
import { type InitializationScheme, initializers } from './initialization.js';
import { limitIndices } from './limit-indices.js';
import { type LossSpec, withLoss } from './losses.js';
import { lower } from './lower.js';
import { type ImportOptions, importGraph } from './onnx/import-graph.js';
import { type OnnxModel, readOnnxModel } from './onnx/onnx-model.js';
import type { Program } from './program.js';
import { evaluated, prune, simplify } from './simplify.js';

export interface CompileOptions extends ImportOptions {
  /** Examples a step; at least 1. */
  batchSize: number;
  loss: LossSpec;
  /** Where parameters start; `'model'` takes the values stored in the file. Default `'pytorch'`. */
  initialization?: InitializationScheme;
  /** Computes every convolution directly: slower, with rounding errors of 2e-7 of the norm in place of up to 5e-6. Default false. */
  exactConvolutions?: boolean;
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
  checkOptions(options);
  const { graph, problems } = importGraph(model, options);
  if (graph === undefined) throw new CompileError(problems);
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
  return {
    train: lower(finish(fusePointwise(differentiate(forTraining))), {
      mode: 'train',
      batchSize,
      starts,
    }),
    evaluate: lower(finish(forEvaluation), { mode: 'evaluate', batchSize, starts }),
  };
}

function checkOptions({ batchSize }: CompileOptions): void {
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 2 ** 24) {
    throw new CompileError(`the batch size is ${batchSize}; it must be an integer from 1 to 2^24`);
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
