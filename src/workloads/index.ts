import { builtinWorkloads } from './find-workload.js';
import { readWorkload } from './load-workload.js';
import type { WorkloadSpec } from './types.js';

export { builtinWorkloads, findWorkload } from './find-workload.js';
export { checkOptionsOf, type LoadOptions, loadWorkload, readWorkload } from './load-workload.js';
export type { LoadedWorkload, WorkloadSpec } from './types.js';
export { WorkloadSchema } from './workload-schema.js';

/** The workloads that come with the package, by name. */
export function listWorkloads(): WorkloadSpec[] {
  return [...builtinWorkloads().values()].map(readWorkload);
}
