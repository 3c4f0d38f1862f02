import {
  endOf,
  ImportError,
  type ImportedAxis,
  type ImportedMeasurement,
  type ImportedSearch,
  type ImportedStudy,
  type ImportedTrial,
  type ImportOptions,
  type Minimized,
  minimized,
} from './imported-study.js';

/** An Optuna study as either of its storages keeps it. */
export interface OptunaStudy {
  name: string;
  directions: ('minimize' | 'maximize' | 'not set')[];
  trials: OptunaTrial[];
}

export interface OptunaTrial {
  number: number;
  state: 'RUNNING' | 'COMPLETE' | 'PRUNED' | 'FAIL' | 'WAITING';
  params: Map<string, OptunaParameter>;
  /** One an objective; NaN and ±∞ allowed. */
  values: number[];
  /** By step. */
  intermediate: Map<number, number>;
  userAttributes: Map<string, unknown>;
  seconds: number;
}

export interface OptunaParameter {
  /** As Optuna keeps it: of a categorical one, the index of the choice. */
  internal: number;
  distribution: OptunaDistribution;
}

export interface OptunaDistribution {
  name: string;
  attributes: Record<string, unknown>;
}

/** Of two dates as Optuna writes them; 0 where one is missing. */
export function secondsBetween(start: unknown, end: unknown): number {
  const seconds = (Date.parse(String(end)) - Date.parse(String(start))) / 1000;
  return Number.isNaN(seconds) ? 0 : Math.max(0, seconds);
}

/** @throws {ImportError} naming `where` when it is no distribution */
export function parseDistribution(text: string, where: string): OptunaDistribution {
  try {
    const { name, attributes } = JSON.parse(text) as Partial<OptunaDistribution>;
    if (typeof name === 'string' && typeof attributes === 'object' && attributes !== null)
      return { name, attributes };
  } catch {
    // Said below.
  }
  throw new ImportError(`${where}: is not an Optuna distribution: ${text.slice(0, 80)}`);
}

/**
 * An Optuna study as ours. Each study is one optimizer, unless a categorical parameter is called `optimizer`. Objective
 * values become measurements of the validation split, intermediate values those of earlier steps. A pruned trial was
 * stopped early: it counts by its last intermediate value, and wins nothing, as in Optuna. User attributes `seed`, and `test` or `test_METRIC`, are understood.
 */
export function fromOptuna(
  studies: readonly OptunaStudy[],
  { name, workload = 'objective', optimizer, metric = 'objective', maximize }: ImportOptions,
  source: string,
): ImportedStudy {
  if (studies.length === 0) throw new ImportError(`${source}: there is no study in it`);
  const [first] = studies as [OptunaStudy];
  for (const study of studies) {
    if (study.directions.length !== 1)
      throw new ImportError(
        `${source}: study "${study.name}" has ${study.directions.length} objectives; only studies of one can be compared`,
      );
    if (study.directions[0] !== first.directions[0])
      throw new ImportError(
        `${source}: "${first.name}" is to ${first.directions[0]}, "${study.name}" to ${study.directions[0]}; import them apart`,
      );
  }
  const kept = minimized(metric, maximize ?? first.directions[0] === 'maximize');
  const trials = studies.flatMap((study) =>
    study.trials.map((trial) =>
      toTrial(trial, { kept, metric, workload, label: optimizer ?? study.name }),
    ),
  );
  return {
    name: name ?? first.name,
    metric: kept.name,
    over: 'final',
    trials,
    searches: searchesOf(studies, trials),
    notes: [...(kept.note === undefined ? [] : [kept.note]), ...prunedNote(trials)],
  };
}

function prunedNote(trials: readonly ImportedTrial[]): string[] {
  const pruned = trials.filter(({ reason }) => reason === 'pruned').length;
  return pruned === 0 ? [] : [`pruned trials count as stopped early; there are ${pruned}`];
}

interface Context {
  kept: Minimized;
  metric: string;
  workload: string;
  label: string;
}

function toTrial(trial: OptunaTrial, { kept, metric, workload, label }: Context): ImportedTrial {
  const hyperparameters = Object.fromEntries(
    [...trial.params].map(([key, parameter]) => [key, parameterValue(parameter)]),
  );
  const { optimizer = label, ...rest } = hyperparameters;
  const measurements = measurementsOf(trial, kept, metric);
  const seed = trial.userAttributes.get('seed');
  return {
    workload,
    optimizer: String(optimizer),
    repetition: 0,
    hyperparameters: rest,
    ...stateOf(trial.state, endOf(measurements, kept.name)),
    seed: seed === undefined ? '' : String(seed),
    seconds: trial.seconds,
    measurements,
  };
}

function stateOf(
  state: OptunaTrial['state'],
  last: number | undefined,
): Pick<ImportedTrial, 'state' | 'reason'> {
  switch (state) {
    case 'COMPLETE':
      return Number.isFinite(last)
        ? { state: 'complete', reason: null }
        : { state: 'infeasible', reason: `the objective is ${last}` };
    case 'PRUNED':
      return { state: Number.isFinite(last) ? 'stopped' : 'infeasible', reason: 'pruned' };
    case 'FAIL':
      return { state: 'failed', reason: 'failed in Optuna' };
    default:
      return { state: 'waiting', reason: null };
  }
}

function measurementsOf(
  { values, intermediate, userAttributes, seconds, state }: OptunaTrial,
  kept: Minimized,
  metric: string,
): ImportedMeasurement[] {
  const at = (step: number, split: 'validation' | 'test', value: number): ImportedMeasurement => ({
    step,
    split,
    metric: kept.name,
    value: kept.value(value),
    seconds,
  });
  const curve = [...intermediate]
    .filter(([step]) => step >= 0)
    .sort(([a], [b]) => a - b)
    .map(([step, value]) => at(step, 'validation', value));
  const [final] = values;
  const end = (curve.at(-1)?.step ?? 0) + 1;
  const last = curve.at(-1)?.step ?? end;
  if (final !== undefined && state === 'COMPLETE') {
    // The objective is what the trial counts by: after the intermediate values, unless it is the last of them.
    const isLast = curve.at(-1)?.value === kept.value(final);
    if (!isLast) curve.push(at(end, 'validation', final));
  }
  const test = userAttributes.get(`test_${metric}`) ?? userAttributes.get('test');
  if (typeof test === 'number') curve.push(at(curve.at(-1)?.step ?? last, 'test', test));
  return curve;
}

function parameterValue({ internal, distribution }: OptunaParameter): number | string {
  if (distribution.name !== 'CategoricalDistribution') return internal;
  const choice = choicesOf(distribution)[internal];
  return typeof choice === 'number' ? choice : String(choice);
}

function choicesOf({ attributes }: OptunaDistribution): readonly unknown[] {
  const { choices } = attributes;
  return Array.isArray(choices) ? choices : [];
}

/** The spaces from the distributions; where they changed between trials, from end to end. */
function searchesOf(
  studies: readonly OptunaStudy[],
  trials: readonly ImportedTrial[],
): ImportedSearch[] {
  const searches = new Map<string, ImportedSearch>();
  const all = studies.flatMap((study) => study.trials);
  for (const [i, { workload, optimizer }] of trials.entries()) {
    const search = searches.get(optimizer) ?? { workload, optimizer, axes: {} };
    searches.set(optimizer, search);
    for (const [name, { distribution }] of all[i]?.params ?? []) {
      if (name === 'optimizer') continue;
      const axis = axisOf(distribution);
      if (axis !== undefined) search.axes[name] = joined(search.axes[name], axis);
    }
  }
  return [...searches.values()];
}

function axisOf(distribution: OptunaDistribution): ImportedAxis | undefined {
  const { name, attributes } = distribution;
  if (name === 'CategoricalDistribution') {
    const values = choicesOf(distribution).map((value) =>
      typeof value === 'number' ? value : String(value),
    );
    return { kind: 'choice', values };
  }
  const { low, high, log } = attributes;
  if (typeof low !== 'number' || typeof high !== 'number') return undefined;
  // Optuna 2 had a distribution of its own for each scale.
  const isLog = log === true || /^(Int)?LogUniform/.test(name);
  return { kind: isLog && low > 0 ? 'log' : 'uniform', low, high };
}

function joined(before: ImportedAxis | undefined, axis: ImportedAxis): ImportedAxis {
  if (before === undefined || before.kind === 'choice' || axis.kind === 'choice') return axis;
  return { ...axis, low: Math.min(before.low, axis.low), high: Math.max(before.high, axis.high) };
}
