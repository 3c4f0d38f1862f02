import { z } from 'zod';
import { datasetNames } from '../datasets/load-dataset.js';
import type { WorkloadSpec } from './types.js';

const metric = z.enum(['classification_error', 'cross_entropy']);

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
    dataset: z.looseObject({
      name: z.enum(datasetNames),
      /** Examples held out from the end of the training part. */
      validation: z.int().min(1),
    }),
    loss: z.strictObject({
      kind: z.literal('softmax_cross_entropy'),
      /** Share of probability spread evenly over all classes. */
      labelSmoothing: z.number().min(0).lt(1).optional(),
    }),
    metrics: z.array(metric).min(1),
    batchSize: z.int().min(1).max(65536),
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
  }) satisfies z.ZodType<WorkloadSpec>;
