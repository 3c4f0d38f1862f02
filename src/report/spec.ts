/**
 * What the report reads from the study as the store keeps it. The statistics do not need it, so everything here may
 * be missing: the report of a foreign or older store then shows less and does not fail.
 */

import { optimizers, ruleName } from '../optimizers/index.js';
import type { RangeAxis } from '../sampler/axis.js';

/** One axis of a search space, with its bounds as the study file states them. */
export interface AxisBounds {
  name: string;
  scale: 'log' | 'linear' | 'logit' | 'choice';
  /** Lower and upper bound; absent for choices and when the study does not say. */
  bounds?: readonly [low: number, high: number];
  choices?: readonly (number | string)[];
}

/** The axis as the sampler has it; undefined for choices and where the bounds are unknown. */
export function rangeOf({ scale, bounds }: AxisBounds): RangeAxis | undefined {
  if (scale === 'choice' || bounds === undefined) return undefined;
  return { kind: scale === 'linear' ? 'uniform' : scale, low: bounds[0], high: bounds[1] };
}

/** What the study says about an optimizer on a workload. */
export interface SpecEntry {
  /** Name of the update rule, e.g. `adam/pytorch`. */
  rule: string | undefined;
  /** The axes that vary, those of the schedule and of the other settings among them. */
  axes: AxisBounds[];
  /** Whether a hyperparameter keeps its default, because the space does not name it or the level does not tune it. */
  untuned: (name: string) => boolean;
  /** `constant`, `linear_decay`. */
  schedule: string | undefined;
}

export interface SpecObjective {
  metric: string | undefined;
  /** Whether a trial counts by its best measurement or by its last. */
  over: 'best' | 'final';
  /** What the steps or seconds to were tuned, where they were. */
  target: number | undefined;
  /** What of a trial counts: the metric, or the steps or seconds to the target. */
  counted: 'metric' | 'steps' | 'seconds';
}

export type Json = Record<string, unknown>;

const SCALES: Record<string, AxisBounds['scale']> = {
  log: 'log',
  uniform: 'linear',
  logit: 'logit',
};

/** The study's entry for an optimizer, by its label; undefined when there is none. */
export function specEntry(
  spec: unknown,
  workload: string,
  optimizer: string,
  level = '',
): SpecEntry | undefined {
  const entries = asObject(spec)['optimizers'];
  if (!Array.isArray(entries)) return undefined;
  const entry = entries
    .map(asObject)
    .find(
      ({ label, workloads }) =>
        label === optimizer && (!Array.isArray(workloads) || workloads.includes(workload)),
    );
  if (!entry) return undefined;
  const { space, schedule, untuned, ...settings } = entry;
  const { optimizer: name, variant = 'paper', wrappers = [] } = settings;
  const axes = { ...asObject(space), ...asObject(schedule), ...settings };
  const known = new Set(Array.isArray(untuned) ? untuned.map(String) : []);
  const kind = typeof schedule === 'string' ? schedule : asObject(schedule)['kind'];
  return {
    rule: typeof name === 'string' && isEmpty(wrappers) ? ruleOf(name, variant) : undefined,
    axes: stageAxes(axes),
    untuned: (name) => known.has(name) || isLeftOut(spec, level, name),
    schedule: scheduleOf(spec, level) ?? (typeof kind === 'string' ? kind : undefined),
  };
}

const isEmpty = (list: unknown): boolean => Array.isArray(list) && list.length === 0;

/** The axes of a stage as the store keeps them. */
export function stageAxes(axes: Readonly<Json>): AxisBounds[] {
  return Object.entries(axes).flatMap(([name, axis]) => readAxis(name, asObject(axis)) ?? []);
}

/** A level of the study's protocol. */
function levelOf(spec: unknown, name: string): Json {
  const levels = asObject(asObject(spec)['protocol'])['levels'];
  if (!Array.isArray(levels)) return {};
  return levels.map(asObject).find((level) => level['name'] === name) ?? {};
}

function isLeftOut(spec: unknown, level: string, name: string): boolean {
  const { tune } = levelOf(spec, level);
  return Array.isArray(tune) && !tune.includes(name);
}

/** The schedule that a level sets where it tunes none. */
function scheduleOf(spec: unknown, level: string): string | undefined {
  if (!isLeftOut(spec, level, 'schedule')) return undefined;
  const { kind } = asObject(levelOf(spec, level)['schedule']);
  return typeof kind === 'string' ? kind : undefined;
}

/** An optimizer whose paper's rule is PyTorch's, too, has one name for both. */
function ruleOf(name: string, variant: unknown): string | undefined {
  const found = optimizers.find(
    (optimizer) => optimizer.name === name && optimizer.variants.some((own) => own === variant),
  );
  return found && ruleName(found);
}

/** What an import says is missing or was changed, or how merged studies differ. */
export function specNotes(spec: unknown, of: 'imported' | 'merged' = 'imported'): string[] {
  const { notes } = asObject(asObject(spec)[of]);
  return Array.isArray(notes) ? notes.map(String) : [];
}

/** How trials were stopped early, in a sentence; undefined when none was. */
export function specEarlyStopping(spec: unknown): string | undefined {
  const { kind, factor, rungs, startup, batch, warmup } = asObject(
    asObject(spec)['early_stopping'],
  );
  if (kind === 'median') {
    const after = Number(warmup) > 0 ? `, after ${Number(warmup) * 100} % of the budget` : '';
    return (
      `Trials were stopped early by the median rule${after}: where the best of a trial so far was worse than the median of ` +
      `those that had run to their end in earlier batches. The first ${startup} points trained in full; a batch has ${batch}.`
    );
  }
  if (kind !== 'successive_halving') return undefined;
  const least = (Number(factor) ** (1 - Number(rungs)) * 100).toPrecision(3);
  return (
    `Trials were stopped early by synchronous successive halving (Jamieson & Talwalkar 2016) with ${rungs} rungs: every ` +
    `trial trained for ${Number(least)} % of the budget, on the schedule of the whole; from each rung the best one in ` +
    `${factor} went on, for ${factor} times the steps.`
  );
}

const COUNTED: Record<string, SpecObjective['counted']> = {
  steps_to_target: 'steps',
  seconds_to_target: 'seconds',
};

export function specObjective(spec: unknown): SpecObjective {
  const { metric, over, target } = asObject(asObject(spec)['objective']);
  return {
    target: typeof target === 'number' ? target : undefined,
    metric: typeof metric === 'string' ? metric : undefined,
    over: over === 'final' ? 'final' : 'best',
    counted: COUNTED[String(over)] ?? 'metric',
  };
}

function readAxis(name: string, axis: Json): AxisBounds | undefined {
  const { kind, low, high, values } = axis;
  if (kind === 'choice' && Array.isArray(values)) return { name, scale: 'choice', choices: values };
  const scale = SCALES[String(kind)];
  if (!scale || typeof low !== 'number' || typeof high !== 'number') return undefined;
  return { name, scale, bounds: [low, high] };
}

/** The value itself when it is an object, else an empty one. */
export function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
