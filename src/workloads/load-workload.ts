import { dirname, resolve } from 'node:path';
import type { CheckOptions } from '../compiler/check-model.js';
import { CompileError } from '../compiler/compile-error.js';
import { compileModel } from '../compiler/compile-model.js';
import type { LossSpec } from '../compiler/losses.js';
import { type ImportOptions, importGraph } from '../compiler/onnx/import-graph.js';
import { type OnnxModel, readOnnxModel } from '../compiler/onnx/onnx-model.js';
import type { Dataset } from '../datasets/dataset.js';
import { DatasetError } from '../datasets/dataset-error.js';
import { countDataset, loadDataset } from '../datasets/load-dataset.js';
import type { SplitSizes } from '../datasets/split-dataset.js';
import { parseYamlFile } from '../yaml/parse-yaml.js';
import { checkFit } from './check-fit.js';
import { findWorkload } from './find-workload.js';
import type { LoadedWorkload, WorkloadSpec } from './types.js';
import { WorkloadSchema } from './workload-schema.js';

export interface LoadOptions {
  /** Folder with the data set's files, instead of searching for them. */
  dataFolder?: string | undefined;
  /** At most so many examples of each split. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Makes a workload ready to train: a built-in one by name, or the path of a workload file.
 * @throws {YamlError} for a bad file, {CompileError} for a bad model or one that does not fit the data,
 * {DatasetError} for missing data.
 */
export async function loadWorkload(
  nameOrPath: string,
  { dataFolder, limit, signal }: LoadOptions = {},
): Promise<LoadedWorkload> {
  const path = findWorkload(nameOrPath);
  const spec = readWorkload(path);
  const model = readOnnxModel(resolve(dirname(path), spec.model));
  const { name, ...options } = spec.dataset;
  const data = await loadDataset(name, {
    ...options,
    base: dirname(path),
    ...(dataFolder === undefined ? {} : { folder: dataFolder }),
    ...(limit === undefined ? {} : { limit }),
    ...(signal === undefined ? {} : { signal }),
  });
  checkModel(model, spec, data);
  const { classes: _, ...splits } = data;
  return { spec, splits, compile: compileWith(model, spec) };
}

/** A workload without its data: what of it is known before anything is downloaded. */
export interface WorkloadOutline extends Omit<LoadedWorkload, 'splits'> {
  /** Examples of each split, or why they are not known. */
  sizes: SplitSizes | DatasetError;
}

/**
 * What a workload is, without its data. Nothing is downloaded.
 * @throws {YamlError} for a bad file, {CompileError} for a bad model
 */
export async function outlineWorkload(
  nameOrPath: string,
  { dataFolder }: Pick<LoadOptions, 'dataFolder'> = {},
): Promise<WorkloadOutline> {
  const path = findWorkload(nameOrPath);
  const spec = readWorkload(path);
  const model = readOnnxModel(resolve(dirname(path), spec.model));
  const { name, ...options } = spec.dataset;
  const places = { base: dirname(path), ...(dataFolder !== undefined && { folder: dataFolder }) };
  const sizes = await countDataset(name, { ...options, ...places }).catch((error) => {
    if (error instanceof DatasetError) return error;
    throw error;
  });
  return { spec, sizes, compile: compileWith(model, spec) };
}

function compileWith(model: OnnxModel, spec: WorkloadSpec): LoadedWorkload['compile'] {
  return ({
    batchSize = spec.microBatch ?? spec.batchSize,
    labelSmoothing,
    dropout = spec.dropout,
    exactConvolutions = spec.exactConvolutions ?? false,
    recompute = spec.recompute ?? 'none',
  } = {}) =>
    compileModel(model, {
      ...namesOf(spec),
      batchSize,
      loss: lossOf(spec, labelSmoothing),
      initialization: spec.initialization,
      exactConvolutions,
      dropout,
      recompute,
    });
}

/** The loss of a workload, with another label smoothing if one is given. */
export function lossOf({ loss, metrics }: WorkloadSpec, labelSmoothing?: number): LossSpec {
  if (loss.kind !== 'softmax_cross_entropy') {
    if (labelSmoothing === undefined) return loss;
    throw new CompileError(`the loss ${loss.kind} has no label smoothing`);
  }
  return {
    ...loss,
    top5: metrics.includes('top_5_error'),
    ...(labelSmoothing !== undefined && { labelSmoothing }),
  };
}

/** How a workload's model is to be checked. */
export const checkOptionsOf = (spec: WorkloadSpec): CheckOptions => ({
  ...namesOf(spec),
  batchSize: spec.microBatch ?? spec.batchSize,
  loss: lossOf(spec),
});

/** The checked content of a workload file. @throws {YamlError} */
export function readWorkload(path: string): WorkloadSpec {
  return parseYamlFile(path, WorkloadSchema);
}

/** What the file says of the model. */
export const namesOf = ({
  output,
  parameters,
  constants,
  frozen,
  carry,
}: WorkloadSpec): ImportOptions => ({
  output,
  parameters,
  constants,
  frozen,
  carry,
});

/** @throws {CompileError} naming the model's file. */
function checkModel(model: OnnxModel, spec: WorkloadSpec, data: Dataset): void {
  const { graph, problems } = importGraph(model, namesOf(spec));
  if (graph === undefined) throw new CompileError(problems, model.file);
  try {
    checkFit(graph, lossOf(spec), spec.dataset.name, data);
  } catch (error) {
    throw error instanceof CompileError ? error.at(model.file) : error;
  }
}
