import { z } from 'zod';
import type { Dataset, DatasetOptions, RawDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { fashionMnist } from './fashion-mnist.js';
import { splitDataset } from './split-dataset.js';
import { SyntheticOptions, synthetic } from './synthetic.js';

interface Loader {
  /** Of the options that only this data set has. */
  schema: z.ZodType<Record<string, unknown>>;
  load(own: Record<string, unknown>, options: DatasetOptions): RawDataset | Promise<RawDataset>;
}

const LOADERS: Readonly<Record<string, Loader>> = {
  'fashion-mnist': {
    schema: z.strictObject({}),
    load: (_, options) => fashionMnist(options),
  },
  synthetic: {
    schema: SyntheticOptions,
    load: (own) => synthetic(own),
  },
};

const Common = z.object({
  validation: z.int().min(0),
  limit: z.int().min(1).optional(),
  folder: z.string().min(1).optional(),
  cacheFolder: z.string().min(1).optional(),
  signal: z.instanceof(AbortSignal).optional(),
});

/** Names that `loadDataset` takes. */
export const datasetNames: readonly string[] = Object.keys(LOADERS);

/**
 * Finds, checks, reads and splits a data set by name. Options it does not know go to the data set itself.
 * @throws {DatasetError} in one line that says what to install, where to put files, or which option is wrong.
 */
export async function loadDataset(name: string, options: DatasetOptions): Promise<Dataset> {
  const loader = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
  if (!loader) {
    throw new DatasetError(`no data set named "${name}"; there are ${datasetNames.join(', ')}`);
  }
  const { validation, limit, folder, cacheFolder, signal, ...own } = options;
  const common = check(name, Common, { validation, limit, folder, cacheFolder, signal });
  const raw = await loader.load(check(name, loader.schema, own), common);
  return splitDataset(raw, common);
}

function check<T>(name: string, schema: z.ZodType<T>, options: unknown): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => [...issue.path, issue.message].join(': '));
  throw new DatasetError(`data set ${name}: ${wrong.join('; ')}`);
}
