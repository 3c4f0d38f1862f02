import type { Level } from '../protocols/protocol.js';
import type { Axis } from '../sampler/axis.js';
import { type DerivedName, parseDerivedName } from '../sampler/derived-name.js';
import {
  entrySpace,
  type OptimizerEntry,
  otherAxes,
  SETTINGS,
  type Setting,
} from './entry-schema.js';
import { scheduleAxes } from './schedule-schema.js';

/** Everything of an entry that a level can tune: hyperparameters, settings and `schedule`. */
export function tunable(entry: OptimizerEntry): string[] {
  const settings = Object.keys(otherAxes(entry)).filter((name) => name in SETTINGS);
  return [...targets(entry), ...entry.untuned, ...settings, 'schedule'];
}

/** The hyperparameters that the space of an entry gives. */
function targets({ space }: OptimizerEntry): string[] {
  return Object.keys(space).flatMap((axis) => parseDerivedName(axis)?.target ?? []);
}

/**
 * An entry as a level of a protocol tunes it: its axes of what the level tunes, the defaults of the rest.
 * @throws {RangeError} when the level tunes a hyperparameter that the entry states only in relation to another one
 */
export function levelEntry(entry: OptimizerEntry, level: Level): OptimizerEntry {
  const { tune, axes } = level;
  const replaced = (space: Record<string, Axis>) => replaceAxes(entry, space, axes, tune);
  if (tune === 'all') return withUntuned({ ...entry, space: replaced(entry.space) });

  const kept = Object.entries(entry.space).filter(([name]) => isTuned(name, tune));
  const space = replaced(Object.fromEntries(kept));
  const dropped = (Object.keys(SETTINGS) as Setting[]).filter((name) => !tune.includes(name));
  const own = Object.fromEntries(
    Object.entries(entry).filter(([key]) => !dropped.includes(key as Setting)),
  ) as unknown as OptimizerEntry;
  const schedule = tune.includes('schedule') ? entry.schedule : level.schedule;
  const result = withUntuned({ ...own, space, schedule });
  const lost = targets(entry).find((name) => tune.includes(name) && result.untuned.includes(name));
  if (lost === undefined) return result;
  throw new RangeError(
    `level "${level.name}" tunes ${lost}, which "${entry.label}" states only in relation to what the level does not tune; give the level \`axes: { ${lost}: … }\``,
  );
}

function withUntuned(entry: OptimizerEntry): OptimizerEntry {
  return { ...entry, untuned: entrySpace({ ...entry, untuned: [] }).untuned };
}

function isTuned(axis: string, tune: readonly string[]): boolean {
  const { target, given } = parseDerivedName(axis) as DerivedName;
  return tune.includes(target) && (given === undefined || tune.includes(given));
}

/**
 * The level's own axes in place of those that give the same hyperparameter, but for axes in relation to another tuned
 * one: with ε tuned, lr/epsilon says more than lr.
 */
function replaceAxes(
  entry: OptimizerEntry,
  space: Record<string, Axis>,
  axes: Readonly<Record<string, Axis>>,
  tune: Level['tune'],
): Record<string, Axis> {
  const known = new Set(tunable(entry));
  const result = { ...space };
  for (const [name, axis] of Object.entries(axes)) {
    if (!known.has(name) || (tune !== 'all' && !tune.includes(name))) continue;
    const present = Object.keys(result).find((key) => parseDerivedName(key)?.target === name);
    if (present !== undefined && parseDerivedName(present)?.given !== undefined) continue;
    if (present !== undefined) delete result[present];
    result[name] = axis;
  }
  return result;
}

/** Every axis of an entry that varies, with those of its schedule and settings. */
export function varyingAxes(entry: OptimizerEntry): Record<string, Axis> {
  const all = { ...entry.space, ...otherAxes(entry) };
  return Object.fromEntries(Object.entries(all).filter(([, { kind }]) => kind !== 'fixed'));
}

/** An entry with other values for some of its axes. */
export function withAxes(
  entry: OptimizerEntry,
  axes: Readonly<Record<string, Axis>>,
): OptimizerEntry {
  const change = <T extends Record<string, unknown>>(part: T, keys: Iterable<string>): T => {
    const own = new Set(keys);
    const changes = Object.entries(axes).filter(([name]) => own.has(name));
    return { ...part, ...Object.fromEntries(changes) };
  };
  const settings = Object.keys(otherAxes(entry)).filter((name) => name in SETTINGS);
  return {
    ...change(entry as unknown as Record<string, unknown>, settings),
    space: change(entry.space, Object.keys(entry.space)),
    schedule: change(entry.schedule, Object.keys(scheduleAxes(entry.schedule))),
  } as unknown as OptimizerEntry;
}
