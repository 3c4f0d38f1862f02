import { basename } from 'node:path';
import { z } from 'zod';
import { findFiles } from './find-files.js';
import {
  endOf,
  hyperparametersFrom,
  ImportError,
  type ImportedMeasurement,
  type ImportedStudy,
  type ImportedTrial,
  type ImportOptions,
  searchesOf,
} from './imported-study.js';
import { readJson } from './read-file.js';
import { repeatedPoints } from './write-imported.js';

/** Python's JSON has NaN and Infinity; they are read as text. */
const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);
const curve = z.array(number).optional();

const outputSchema = z.object({
  testproblem: z.string(),
  optimizer_name: z.string(),
  optimizer_hyperparams: z.record(z.string(), z.union([number, z.string(), z.boolean(), z.null()])),
  random_seed: z.union([z.number(), z.string()]).default(''),
  train_losses: curve,
  valid_losses: curve,
  test_losses: curve,
  train_accuracies: curve,
  valid_accuracies: curve,
  test_accuracies: curve,
});

type Output = z.output<typeof outputSchema>;

const SPLITS = [
  ['train', 'train'],
  ['validation', 'valid'],
  ['test', 'test'],
] as const;

/**
 * Folders of DeepOBS's runners: `problem/optimizer/settings/random_seed__…json`. Its curves have a value before training
 * and one after each epoch; the epoch is the step. Runs of one setting with other seeds are repetitions.
 * @throws {ImportError} naming the file and what is wrong in it
 */
export function readDeepobs(path: string, options: ImportOptions): ImportedStudy {
  const files = findFiles(path, /^random_seed__.*\.json$/);
  if (files.length === 0)
    throw new ImportError(`${path}: has no results of DeepOBS (random_seed__….json) in it`);
  const outputs = files.map((file) => readOutput(file));
  const hasValidation = outputs.every((output) => output.valid_losses !== undefined);
  const hasErrors = outputs.every((output) => output.test_accuracies !== undefined);
  const metric = options.metric ?? (hasErrors ? 'classification_error' : 'loss');
  const trials = repeatedPoints(outputs.map((output) => toTrial(output, metric, hasValidation)));
  return {
    name: options.name ?? basename(path),
    metric,
    over: 'best',
    trials,
    searches: searchesOf(trials),
    notes: [
      'the files do not say what the search spaces were',
      ...(hasValidation
        ? []
        : ['there is no validation data in the files: the test set chose the best trials']),
    ],
  };
}

function readOutput(file: string): Output {
  const { success, data: output, error } = outputSchema.safeParse(readJson(file));
  if (success) return output;
  const [issue] = error.issues;
  throw new ImportError(`${file}: ${issue?.path.join('.')}: ${issue?.message}`);
}

function toTrial(
  output: Output,
  metric: string,
  hasValidation: boolean,
): Omit<ImportedTrial, 'repetition'> {
  const measurements = SPLITS.flatMap(([split, key]): ImportedMeasurement[] => {
    const at = (name: string, values: readonly number[] = []) =>
      values.map((value, step) => ({ step, split, metric: name, value, seconds: 0 }));
    const errors = output[`${key}_accuracies`]?.map((accuracy) => 1 - accuracy);
    return [...at('loss', output[`${key}_losses`]), ...at('classification_error', errors)];
  });
  // Without validation data the test set is what trials were chosen by; the notes say so.
  const chosen = hasValidation
    ? []
    : measurements
        .filter(({ split }) => split === 'test')
        .map((measurement) => ({ ...measurement, split: 'validation' as const }));
  const all = [...measurements, ...chosen];
  const end = endOf(all, metric);
  const isFeasible = Number.isFinite(end);
  return {
    workload: output.testproblem,
    optimizer: output.optimizer_name,
    hyperparameters: hyperparametersFrom(Object.entries(output.optimizer_hyperparams)),
    state: isFeasible ? 'complete' : 'infeasible',
    reason: isFeasible ? null : `${metric} on validation data is ${end}`,
    seed: String(output.random_seed),
    seconds: 0,
    measurements: all,
  };
}
