import { z } from 'zod';
import { LOSS_METRICS, type LossKind } from '../compiler/losses.js';
import { RECOMPUTE } from '../compiler/recompute.js';
import { datasetSchemas } from '../datasets/load-dataset.js';
import { findMetric, type MetricName, metricNames } from '../metrics/metrics.js';
import type { WorkloadSpec } from './types.js';

const metric = z.enum(metricNames);

const loss = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('softmax_cross_entropy'),
    /** Share of probability spread evenly over all classes. */
    labelSmoothing: z.number().min(0).lt(1).optional(),
    /** A label that counts nowhere, beside −1. */
    ignoreIndex: z.int32().optional(),
    /** The axis of the classes in the model's output, `[N, …, C]` or `[N, C, …]`. */
    classes: z.enum(['last', 'second']).optional(),
  }),
  z.strictObject({ kind: z.literal('mean_squared_error') }),
  z.strictObject({ kind: z.literal('sigmoid_cross_entropy') }),
  /** The model's own output. */
  z.strictObject({ kind: z.literal('output') }),
]);

/** What every data set has, beside its own options. */
const commonOptions = {
  /** Examples held out from the end of the training part. */
  validation: z.int().min(1),
  /** As in `DatasetOptions`. */
  normalize: z.boolean().optional(),
};

/** A data set by name, with the options that it has. */
const dataset = z.discriminatedUnion(
  'name',
  Object.entries(datasetSchemas).map(([name, own]) =>
    own.extend({ ...commonOptions, name: z.literal(name) }),
  ) as unknown as [
    z.ZodObject<{ name: z.ZodLiteral<string> } & typeof commonOptions, z.core.$loose>,
  ],
);

/** The metrics that a loss measures, and what follows from them. */
function metricsOf(kind: LossKind): MetricName[] {
  const measured: readonly string[] = LOSS_METRICS[kind];
  return metricNames.filter((name) => measured.includes(findMetric(name)?.derived?.from ?? name));
}

const tensorNames = z.array(z.string().min(1)).optional();

/** The schema of a workload file. */
export const WorkloadSchema = z
  .strictObject({
    name: z.string().regex(/^[A-Za-z0-9._-]+$/, 'use letters, digits, ".", "_" and "-" only'),
    /** Path of the ONNX file, relative to the workload file. */
    model: z.string().min(1),
    /** The model's output that the loss gets. */
    output: z.string().min(1).optional(),
    /** Stored tensors that are trained, whatever they look like; `*` stands for any characters. */
    parameters: tensorNames,
    /** Stored tensors that are no parameters: masks, tables of positions. */
    constants: tensorNames,
    /** Parameters that stay as they are stored. */
    frozen: tensorNames,
    dataset,
    loss,
    metrics: z.array(metric).min(1),
    batchSize: z.int().min(1).max(65536),
    /** Examples that go through the model at once; saves memory. */
    microBatch: z.int().min(1).optional(),
    /** Computes every convolution directly, without Winograd's algorithm: slower, and rounding less. */
    exactConvolutions: z.boolean().default(false),
    /** Ratio of every dropout in place of the model's own. */
    dropout: z.number().min(0).lt(1).optional(),
    /** What the backward pass computes again to save memory. */
    recompute: z.enum(RECOMPUTE).optional(),
    order: z.enum(['shuffled', 'sequential']).default('shuffled'),
    /** Recurrent state: inputs by the outputs of the model that they are in the next batch. */
    carry: z.record(z.string(), z.string()).optional(),
    /** Training budget when a study names none. */
    steps: z.int().min(1),
    initialization: z
      .enum(['model', 'pytorch', 'glorot_uniform', 'glorot_normal', 'he_uniform', 'he_normal'])
      .default('pytorch'),
    /** The metric value whose first reaching step counts. */
    target: z.strictObject({ metric, value: z.number() }).optional(),
  })
  .refine(({ target, metrics }) => target === undefined || metrics.includes(target.metric), {
    path: ['target', 'metric'],
    message: 'the target must be one of the metrics',
  })
  .refine(({ batchSize, microBatch }) => microBatch === undefined || batchSize % microBatch === 0, {
    path: ['microBatch'],
    message: 'must divide batchSize',
  })
  .superRefine(({ loss: { kind }, metrics }, context) => {
    const allowed = metricsOf(kind);
    metrics.forEach((name, index) => {
      if (allowed.includes(name)) return;
      const message = `the loss ${kind} does not measure it (allowed: ${allowed.join(', ')})`;
      context.addIssue({ code: 'custom', path: ['metrics', index], message });
    });
  }) satisfies z.ZodType<WorkloadSpec>;
