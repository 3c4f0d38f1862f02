import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { parseYamlFile } from '../yaml/parse-yaml.js';
import { canonicalJson } from './canonical-json.js';
import { FREE_TO_CHANGE, type StudySpec, studySchema } from './study-schema.js';

/** A checked study and where it was found. */
export interface Study {
  /** Absolute path of the study file; paths in it are relative to its folder. */
  path: string;
  spec: StudySpec;
}

/**
 * Reads and checks a study file.
 * @throws {YamlError} naming file, line, what is wrong and what is allowed, for everything that is wrong
 */
export async function loadStudy(path: string): Promise<Study> {
  return { path: resolve(path), spec: parseYamlFile(path, studySchema) };
}

/** SHA-256, in hex, of all in a study that changes a trial's result. */
export function studyHash({ spec }: Study): string {
  const fixed = Object.entries(spec).filter(
    ([key]) => !FREE_TO_CHANGE.some((free) => free === key),
  );
  return createHash('sha256')
    .update(canonicalJson(Object.fromEntries(fixed)))
    .digest('hex');
}

/** What `loadWorkload` takes for a workload of a study: a built-in's name, or the absolute path of a file. */
export function workloadReference(study: Study, workload: string): string {
  const isPath = workload.includes('/') || /\.ya?ml$/.test(workload);
  return isPath ? resolve(dirname(study.path), workload) : workload;
}
