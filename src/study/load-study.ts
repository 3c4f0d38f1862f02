import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { predictsLabels } from '../compiler/losses.js';
import {
  optimizers as builtIns,
  type Optimizer,
  type OptimizerText,
  readsSampledGradient,
  writeOptimizer,
} from '../optimizers/index.js';
import { findWorkload, readWorkload } from '../workloads/index.js';
import type { WorkloadSpec } from '../workloads/types.js';
import { parseYamlFile } from '../yaml/parse-yaml.js';
import { canonicalJson } from './canonical-json.js';
import { entryOptimizers } from './entry-optimizer.js';
import { freeToChange, isOn, type StudySpec, studySchemaIn } from './study-schema.js';

/** A checked study and where it was found. */
export interface Study {
  /** Absolute path of the study file; paths in it are relative to its folder. */
  path: string;
  spec: StudySpec;
  /** SHA-256 of each workload's file and model, in hex. */
  workloadDigests: Record<string, string>;
}

/**
 * Reads and checks a study file and the workload files that it names.
 * @param options.optimizers elementwise rules that the file may name as it does built-in ones
 * @throws {YamlError} naming file, line, what is wrong and what is allowed, for everything that is wrong
 * @throws {TypeError} for an optimizer that is not elementwise or is called like a built-in one
 */
export async function loadStudy(
  path: string,
  options: { optimizers?: readonly Optimizer[] } = {},
): Promise<Study> {
  const file = resolve(path);
  const workloadDigests: Record<string, string> = {};
  const schema = studySchemaIn(dirname(file)).superRefine((spec, context) => {
    for (const [index, workload] of spec.workloads.entries()) {
      try {
        const found = findWorkload(workloadReference(file, workload));
        workloadDigests[workload] = workloadDigest(found);
        for (const { path, message } of lossProblems(spec, workload, readWorkload(found)))
          context.addIssue({ code: 'custom', path, message });
      } catch (error) {
        const { message } = error as Error;
        context.addIssue({ code: 'custom', path: ['workloads', index], message });
      }
    }
  });
  const own = ownRules(options.optimizers ?? []);
  const withRules = z.preprocess((data) => insertRules(data, own), schema);
  return { path: file, spec: parseYamlFile(path, withRules), workloadDigests };
}

/** Entries on a workload that need labels drawn from its model's predictions, where its loss predicts none. */
function lossProblems({ optimizers }: StudySpec, workload: string, { loss }: WorkloadSpec) {
  if (predictsLabels(loss.kind)) return [];
  return optimizers.flatMap((entry, index) => {
    const found = isOn(entry, workload) && entryOptimizers(entry).find(readsSampledGradient);
    if (!found) return [];
    const message =
      `${found.name} reads the gradient at labels drawn from the model's predictions, and the loss '${loss.kind}' of ` +
      `${workload} predicts no distribution of labels; name other workloads for this entry, or take another optimizer`;
    return [{ path: ['optimizers', index], message }];
  });
}

function ownRules(optimizers: readonly Optimizer[]): ReadonlyMap<string, OptimizerText> {
  const clash = optimizers.find(({ name }) => builtIns.some((builtIn) => builtIn.name === name));
  if (clash) throw new TypeError(`there is a built-in optimizer '${clash.name}'; rename yours`);
  return new Map(optimizers.map((optimizer) => [optimizer.name, writeOptimizer(optimizer)]));
}

/** Entries that name a rule of the caller have it in full: worker processes and the store know no other. */
function insertRules(data: unknown, rules: ReadonlyMap<string, OptimizerText>): unknown {
  const entries = (data as { optimizers?: unknown } | null)?.optimizers;
  if (rules.size === 0 || !Array.isArray(entries)) return data;
  const optimizers = entries.map((entry) => {
    const rule = rules.get(entry?.optimizer);
    return rule === undefined ? entry : { ...entry, optimizer: rule };
  });
  return { ...(data as object), optimizers };
}

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

function workloadDigest(path: string): string {
  const spec = readWorkload(path);
  const model = sha256(readFileSync(resolve(dirname(path), spec.model)));
  return sha256(canonicalJson({ spec, model }));
}

/** All of a study that is stored with its results. */
export function storedSpec({ spec, workloadDigests }: Study): Record<string, unknown> {
  return { ...spec, workload_digests: workloadDigests };
}

/** SHA-256, in hex, of all in a study that changes a trial's result. */
export function studyHash(study: Study): string {
  const free: readonly string[] = freeToChange(study.spec);
  const fixed = Object.entries(storedSpec(study)).filter(([key]) => !free.includes(key));
  return sha256(canonicalJson(Object.fromEntries(fixed)));
}

/**
 * What `loadWorkload` takes for a workload of a study: a built-in's name, or the absolute path of a file.
 * @param studyPath absolute path of the study file
 */
export function workloadReference(studyPath: string, workload: string): string {
  const isPath = workload.includes('/') || /\.ya?ml$/.test(workload);
  return isPath ? resolve(dirname(studyPath), workload) : workload;
}
