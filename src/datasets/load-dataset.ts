import { z } from 'zod';
import { CIFAR_10, CIFAR_100, cifar } from './cifar.js';
import type { Dataset, DatasetOptions, RawDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { fashionMnist } from './fashion-mnist.js';
import { NoiseOptions, noise } from './noise.js';
import { NumpyOptions, numpy } from './numpy.js';
import { splitDataset } from './split-dataset.js';
import { SyntheticOptions, synthetic } from './synthetic.js';
import { SyntheticRegressionOptions, syntheticRegression } from './synthetic-regression.js';
import { SyntheticTokensOptions, syntheticTokens } from './synthetic-tokens.js';
import { TextOptions, text } from './text.js';
import { TokensOptions, tokens } from './tokens.js';

interface Loader {
  /** Of the options that only this data set has. */
  schema: z.ZodObject;
  load(own: Record<string, unknown>, options: DatasetOptions): RawDataset | Promise<RawDataset>;
}

/** A loader whose options are what its schema gives. */
const loader = <S extends z.ZodObject>(
  schema: S,
  load: (own: z.output<S>, options: DatasetOptions) => RawDataset | Promise<RawDataset>,
): Loader => ({ schema, load: load as Loader['load'] });

const NoOptions = z.strictObject({});

const LOADERS: Readonly<Record<string, Loader>> = {
  'cifar-10': loader(NoOptions, (_, options) => cifar(options, CIFAR_10)),
  'cifar-100': loader(NoOptions, (_, options) => cifar(options, CIFAR_100)),
  'fashion-mnist': loader(NoOptions, (_, options) => fashionMnist(options)),
  noise: loader(NoiseOptions, noise),
  numpy: loader(NumpyOptions, numpy),
  synthetic: loader(SyntheticOptions, synthetic),
  'synthetic-regression': loader(SyntheticRegressionOptions, syntheticRegression),
  'synthetic-tokens': loader(SyntheticTokensOptions, syntheticTokens),
  text: loader(TextOptions, text),
  tokens: loader(TokensOptions, tokens),
};

const Common = z.object({
  validation: z.int().min(0),
  limit: z.int().min(1).optional(),
  folder: z.string().min(1).optional(),
  base: z.string().min(1).optional(),
  normalize: z.boolean().optional(),
  cacheFolder: z.string().min(1).optional(),
  signal: z.instanceof(AbortSignal).optional(),
});

/** Names that `loadDataset` takes. */
export const datasetNames: readonly string[] = Object.keys(LOADERS);

/** The options that only one data set has, by its name. */
export const datasetSchemas: Readonly<Record<string, z.ZodObject>> = Object.fromEntries(
  Object.entries(LOADERS).map(([name, { schema }]) => [name, schema]),
);

/**
 * Finds, checks, reads and splits a data set by name. Options it does not know go to the data set itself.
 * @throws {DatasetError} in one line that says what to install, where to put files, or which option is wrong.
 */
export async function loadDataset(name: string, options: DatasetOptions): Promise<Dataset> {
  const loader = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
  if (!loader) {
    throw new DatasetError(`no data set named "${name}"; there are ${datasetNames.join(', ')}`);
  }
  const own = Object.fromEntries(
    Object.entries(options).filter(([key]) => !Object.hasOwn(Common.shape, key)),
  );
  const common = check(name, Common, options);
  const raw = await loader.load(check(name, loader.schema, own), common);
  return splitDataset(raw, common);
}

function check<T>(name: string, schema: z.ZodType<T>, options: unknown): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => [...issue.path, issue.message].join(': '));
  throw new DatasetError(`data set ${name}: ${wrong.join('; ')}`);
}
