import { z } from 'zod';
import { CIFAR_10, CIFAR_100, cifar } from './cifar.js';
import type { Dataset, DatasetOptions, RawDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { fashionMnist } from './fashion-mnist.js';
import { NoiseOptions, noise } from './noise.js';
import { NumpyOptions, numpy } from './numpy.js';
import {
  countParts,
  type PartSizes,
  type SplitSizes,
  splitDataset,
  splitSizes,
} from './split-dataset.js';
import { SyntheticOptions, synthetic } from './synthetic.js';
import { SyntheticRegressionOptions, syntheticRegression } from './synthetic-regression.js';
import { SyntheticTokensOptions, syntheticTokens } from './synthetic-tokens.js';
import { TextOptions, text } from './text.js';
import { TokensOptions, tokens } from './tokens.js';

interface Loader {
  /** Of the options that only this data set has. */
  schema: z.ZodObject;
  load(own: Record<string, unknown>, options: DatasetOptions): RawDataset | Promise<RawDataset>;
  /** Its examples, where they are known without reading it. */
  size?(own: Record<string, unknown>): PartSizes;
}

/** A loader whose options are what its schema gives. */
const loader = <S extends z.ZodObject>(
  schema: S,
  load: (own: z.output<S>, options: DatasetOptions) => RawDataset | Promise<RawDataset>,
  size?: (own: z.output<S>) => PartSizes,
): Loader => ({
  schema,
  load: load as Loader['load'],
  ...(size && { size: size as NonNullable<Loader['size']> }),
});

const NoOptions = z.strictObject({});

/** Made data sets say how many examples they have. */
const made = ({ examples, test }: { examples: number; test: number }): PartSizes => ({
  train: examples,
  test,
});

const CIFAR_SIZE = { train: 50_000, test: 10_000 };
const FASHION_MNIST_SIZE = { train: 60_000, test: 10_000 };

const LOADERS: Readonly<Record<string, Loader>> = {
  'cifar-10': loader(
    NoOptions,
    (_, options) => cifar(options, CIFAR_10),
    () => CIFAR_SIZE,
  ),
  'cifar-100': loader(
    NoOptions,
    (_, options) => cifar(options, CIFAR_100),
    () => CIFAR_SIZE,
  ),
  'fashion-mnist': loader(
    NoOptions,
    (_, options) => fashionMnist(options),
    () => FASHION_MNIST_SIZE,
  ),
  noise: loader(NoiseOptions, noise, made),
  numpy: loader(NumpyOptions, numpy),
  synthetic: loader(SyntheticOptions, synthetic, made),
  'synthetic-regression': loader(SyntheticRegressionOptions, syntheticRegression, made),
  'synthetic-tokens': loader(SyntheticTokensOptions, syntheticTokens, made),
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
  const { load, own, common } = find(name, options);
  return splitDataset(await load(own, common), common);
}

/**
 * How many examples the splits of a data set have. Never downloads: the sizes of public data sets are known, made ones
 * state theirs, and files of the user's own are read.
 * @throws {DatasetError} as `loadDataset`
 */
export async function countDataset(name: string, options: DatasetOptions): Promise<SplitSizes> {
  const { load, size, own, common } = find(name, options);
  const parts = size?.(own) ?? countParts(await load(own, common));
  return splitSizes(parts, common);
}

/** A loader with its own options and those that all have, checked. */
function find(name: string, options: DatasetOptions) {
  const loader = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
  if (!loader) {
    throw new DatasetError(`no data set named "${name}"; there are ${datasetNames.join(', ')}`);
  }
  const own = Object.fromEntries(
    Object.entries(options).filter(([key]) => !Object.hasOwn(Common.shape, key)),
  );
  const common = check(name, Common, options);
  return { ...loader, own: check(name, loader.schema, own), common };
}

function check<T>(name: string, schema: z.ZodType<T>, options: unknown): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => [...issue.path, issue.message].join(': '));
  throw new DatasetError(`data set ${name}: ${wrong.join('; ')}`);
}
