import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearest } from '../yaml/nearest.js';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
const SUFFIX = '.workload.yaml';

/** Names and files of the workloads that come with the package: `DATA.workload.yaml` in the folder of a model. */
export function builtinWorkloads(): Map<string, string> {
  const found = new Map<string, string>();
  for (const model of readdirSync(MODELS, { withFileTypes: true })) {
    if (!model.isDirectory()) continue;
    const folder = join(MODELS, model.name);
    for (const file of readdirSync(folder)) {
      if (!file.endsWith(SUFFIX)) continue;
      found.set(`${file.slice(0, -SUFFIX.length)}-${model.name}`, join(folder, file));
    }
  }
  return new Map([...found].sort(([a], [b]) => a.localeCompare(b, 'en')));
}

/** The file of a workload given by name or path. @throws {Error} that lists the names, when there is none. */
export function findWorkload(nameOrPath: string): string {
  const builtin = builtinWorkloads();
  const path = builtin.get(nameOrPath);
  if (path !== undefined) return path;
  if (existsSync(nameOrPath)) return nameOrPath;
  const near = nearest(nameOrPath, builtin.keys());
  throw new Error(
    `no workload "${nameOrPath}"${near === undefined ? '' : `; did you mean "${near}"?`} ` +
      `(built in: ${[...builtin.keys()].join(', ')}; or give the path of a workload file)`,
  );
}
