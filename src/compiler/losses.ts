import { codeOf } from '../expression/code-expressions.js';
import { input, sigmoid } from '../expression/expression.js';
import { CompileError } from './compile-error.js';
import { type Dimension, elements, formatShape, sameDimension } from './dimension.js';
import { type Graph, type Node, temporary, type Value } from './graph.js';
import { definitionOf } from './ops/index.js';

/** What the model's output is compared with, and how. */
export type LossSpec =
  | {
      /** Logits of classes against integer labels; `labels` have the logits' shape without the classes. */
      kind: 'softmax_cross_entropy';
      /** The share of probability spread evenly over all classes, in [0, 1). Training only. Default 0. */
      labelSmoothing?: number | undefined;
      /** A label that counts nowhere, beside −1. */
      ignoreIndex?: number | undefined;
      /** Whether `top_5_error` is measured. Default false. */
      top5?: boolean | undefined;
      /** Where the classes are: `last` ([N, T, C], the default) or `second` ([N, C, T], as PyTorch's loss has them). */
      classes?: 'last' | 'second' | undefined;
    }
  /** Mean over elements of (output − label)². */
  | { kind: 'mean_squared_error' }
  /** Mean over elements of the binary cross-entropy of logits with labels in [0, 1]. */
  | { kind: 'sigmoid_cross_entropy' }
  /** The output itself: one value an example, or a scalar that is a mean over them. Without labels. */
  | { kind: 'output' };

export type LossKind = LossSpec['kind'];

interface Attachment {
  /** What comes before the loss. */
  before?: readonly Node[];
  output: Value;
  labels?: Value;
  kind: Node['kind'];
  attributes?: Readonly<Record<string, number>>;
}

/** How each kind of loss is attached to the model's output. */
const losses: {
  [K in LossKind]: (output: Value, spec: Extract<LossSpec, { kind: K }>) => Attachment;
} = {
  softmax_cross_entropy(model, spec) {
    const { labelSmoothing = 0, ignoreIndex, top5 = false } = spec;
    const { logits, before } = classesLast(model, spec.classes ?? 'last');
    const classes = logits.shape.at(-1);
    if (logits.shape.length < 2 || typeof classes !== 'number') {
      throw unfit(model, 'logits [N, classes] or [N, …, classes]');
    }
    if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
      throw new CompileError(`label smoothing is ${labelSmoothing}; it must be in [0, 1)`);
    }
    return {
      kind: 'softmax_cross_entropy',
      before,
      output: logits,
      labels: { ...labelsLike(logits.shape.slice(0, -1), 'i32'), limit: classes },
      attributes: {
        label_smoothing: labelSmoothing,
        ...(ignoreIndex !== undefined && { ignore_index: ignoreIndex }),
        ...(top5 && { top_k: Math.min(5, classes) }),
      },
    };
  },
  mean_squared_error: (output) => ({
    kind: 'mean_squared_error',
    output,
    labels: labelsLike(output.shape, 'f32'),
  }),
  sigmoid_cross_entropy: (output) => ({
    kind: 'sigmoid_cross_entropy',
    output,
    labels: labelsLike(output.shape, 'f32'),
  }),
  output: (output) => ({ kind: 'output_loss', ...flatLoss(output) }),
};

/** The metrics that the engine measures with a loss; the first is what training lowers. */
export const LOSS_METRICS = {
  softmax_cross_entropy: ['cross_entropy', 'classification_error', 'top_5_error'],
  mean_squared_error: ['mean_squared_error'],
  sigmoid_cross_entropy: ['binary_cross_entropy', 'classification_error'],
  output: ['loss'],
} as const satisfies Record<LossKind, readonly string[]>;

/** Whether a loss is the negative log-likelihood of a distribution that labels can be drawn from. */
export const predictsLabels = (kind: LossKind): boolean =>
  definitionOf(kind === 'output' ? 'output_loss' : kind).atSampledLabels !== undefined;

/**
 * The graph with labels and the loss of its output, whose outputs become the metrics.
 * @throws {CompileError} when the model's output does not fit the loss.
 */
export function withLoss(graph: Graph, batch: Dimension, spec: LossSpec): Graph {
  const model = logitsOf(graph, spec.kind) ?? graph.outputs[0];
  if (model === undefined) throw new CompileError('the model has no output for the loss');
  if (spec.kind !== 'output' && !(model.shape[0] && sameDimension(model.shape[0], batch))) {
    throw unfit(model, 'the batch as the first axis');
  }
  const attach = losses[spec.kind] as (output: Value, spec: LossSpec) => Attachment;
  const { kind, before = [], output, labels, attributes = {} } = attach(model, spec);
  const outputs = metricsOf(spec).map(metricOf);
  const gradient = temporary(`${output.name}.grad`, output.shape);
  const node = {
    kind,
    name: 'loss',
    inputs: labels ? [output, labels] : [output],
    outputs: [...outputs, gradient],
    attributes,
  } as Node;
  return { ...graph, outputs, nodes: [...graph.nodes, ...before, node] };
}

/**
 * What the output is the probabilities of, by the function that the loss has within it; `undefined` where it is not
 * that. Cross-entropy of such probabilities is the loss of these logits.
 */
export function logitsOf({ nodes, outputs }: Graph, kind: LossKind): Value | undefined {
  const last = nodes.find((node) => node.outputs[0] === outputs[0]);
  if (last === undefined) return undefined;
  const isSoftmax = kind === 'softmax_cross_entropy' && last.kind === 'softmax';
  const isSigmoid =
    kind === 'sigmoid_cross_entropy' &&
    last.kind === 'pointwise' &&
    JSON.stringify(last.attributes.code) === SIGMOID;
  return isSoftmax || isSigmoid ? last.inputs[0] : undefined;
}

const SIGMOID = JSON.stringify(codeOf(['x0'], [sigmoid(input('x0', 'element'))]));

/** What the engine measures with a loss as it is specified. */
const metricsOf = (spec: LossSpec): readonly string[] =>
  spec.kind === 'softmax_cross_entropy' && !spec.top5
    ? LOSS_METRICS[spec.kind].slice(0, 2)
    : LOSS_METRICS[spec.kind];

const metricOf = (name: string): Value => ({ name, dtype: 'f32', shape: [], role: 'metric' });

const labelsLike = (shape: Value['shape'], dtype: Value['dtype']): Value => ({
  name: 'labels',
  dtype,
  shape,
  role: 'label',
});

const unfit = ({ name, shape }: Value, expected: string): CompileError =>
  new CompileError(
    `the output "${name}" has shape ${formatShape(shape)}; the loss expects ${expected}`,
  );

/** The logits with their classes along the last axis. */
function classesLast(
  model: Value,
  classes: 'last' | 'second',
): { logits: Value; before: readonly Node[] } {
  if (classes === 'last' || model.shape.length === 2) return { logits: model, before: [] };
  const axes = model.shape.map((_, axis) => axis);
  const perm = [0, ...axes.slice(2), 1];
  const shape = perm.flatMap((axis) => model.shape[axis] ?? []);
  const logits = temporary(`${model.name}.classes_last`, shape);
  const name = 'loss.classes_last';
  return {
    logits,
    before: [{ kind: 'transpose', name, inputs: [model], outputs: [logits], attributes: { perm } }],
  };
}

/** A scalar, or one value an example. */
function flatLoss(model: Value): { output: Value; before: readonly Node[] } {
  if (model.shape.length <= 1) return { output: model, before: [] };
  const count = elements(model.shape);
  const [batch] = model.shape;
  const scalar = count === 1;
  if (!scalar && !(batch && sameDimension(count, batch))) {
    throw unfit(model, 'a scalar or one value an example');
  }
  const output = temporary(`${model.name}.flat`, scalar ? [] : [count]);
  const name = 'loss.flat';
  return {
    output,
    before: [{ kind: 'reshape', name, inputs: [model], outputs: [output], attributes: {} }],
  };
}
