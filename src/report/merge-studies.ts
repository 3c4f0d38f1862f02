import type { StageRecord, StudyData, Trial } from '../store/records.js';
import { formatList } from './format.js';
import { groupBy } from './group-by.js';
import {
  asObject,
  type Json,
  type SpecObjective,
  specEntry,
  specNotes,
  specObjective,
} from './spec.js';

/** A study with the name that tells it from the others beside it. */
export interface NamedStudy {
  name: string;
  data: StudyData;
}

/**
 * Puts studies side by side as one: each entry is called by its label and its study's name, and everything that reads
 * a study works on the result. What keeps them from being compared like with like becomes a note, which reports
 * show as a warning. Of studies whose protocols have different levels, each one's last level counts.
 *
 * @param studies two or more, of different names
 * @throws {RangeError} when they are fewer, share a name, or minimise different things
 */
export function mergeStudies(studies: readonly NamedStudy[]): StudyData {
  requireComparable(studies);
  const sameLevels = agree(studies.map(({ data }) => levelsOf(data)));
  const parts = studies.map((study) => renamed(sameLevels ? study : lastLevel(study)));
  const [first] = studies as [NamedStudy, ...NamedStudy[]];
  const data: StudyData = {
    study: {
      ...first.data.study,
      name: studies.map(({ name }) => name).join(' and '),
      hash: studies.map(({ data }) => data.study.hash).join(' '),
      machine: mergedMachine(studies),
      spec: {
        studies: Object.fromEntries(studies.map(({ name, data }) => [name, data.study.spec])),
        objective: asObject(asObject(first.data.study.spec)['objective']),
        optimizers: parts.flatMap(({ study }) => entriesOf(study.spec)),
        merged: { notes: notesOf(studies, sameLevels) },
        imported: { notes: studies.flatMap(({ data }) => specNotes(data.study.spec)) },
      },
    },
    stages: parts.flatMap(({ stages }) => stages),
    trials: [],
    measurements: [],
  };
  for (const { trials, measurements } of parts) {
    const ids = new Map(trials.map(({ id }, i) => [id, data.trials.length + i + 1]));
    for (const trial of trials) data.trials.push({ ...trial, id: ids.get(trial.id) as number });
    for (const measurement of measurements) {
      const trial = ids.get(measurement.trial);
      if (trial !== undefined) data.measurements.push({ ...measurement, trial });
    }
  }
  return data;
}

function requireComparable(studies: readonly NamedStudy[]): void {
  if (studies.length < 2) throw new RangeError('comparing needs two studies or more');
  const names = studies.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new RangeError(`two studies are called "${twice}"; give each database a name of its own`);
  const [first, ...others] = studies.map(({ name, data }) => ({
    name,
    ...specObjective(data.study.spec),
  })) as [Objective, ...Objective[]];
  for (const other of others) {
    for (const key of ['metric', 'over', 'counted', 'target'] as const) {
      if (first[key] === other[key]) continue;
      throw new RangeError(
        `"${first.name}" and "${other.name}" minimise different things: objective.${key} is ${first[key] ?? 'absent'} ` +
          `in the one, ${other[key] ?? 'absent'} in the other`,
      );
    }
  }
}

type Objective = SpecObjective & { name: string };

const levelsOf = ({ stages }: StudyData): string[] => [
  ...new Set(stages.map(({ level }) => level)),
];

/** Each search's trials at the last of its levels, as if there were no others. */
function lastLevel({ name, data }: NamedStudy): NamedStudy {
  const last = levelsOf(data).at(-1);
  const stages = data.stages
    .filter(({ level }) => level === last)
    .map((stage) => ({ ...stage, level: '' }));
  const kept = groupBy(stages, ({ workload, optimizer }) => JSON.stringify([workload, optimizer]));
  const belongs = ({ workload, optimizer, stage }: Trial) =>
    data.stages.length === 0 ||
    kept.get(JSON.stringify([workload, optimizer]))?.some((own) => own.stage === stage) === true;
  return { name, data: { ...data, stages, trials: data.trials.filter(belongs) } };
}

/** Entries, trials and stages by the label with the study's name. */
function renamed({ name, data }: NamedStudy): StudyData {
  const label = (optimizer: string) => `${optimizer} (${name})`;
  const rename = <T extends Trial | StageRecord>(record: T): T => ({
    ...record,
    optimizer: label(record.optimizer),
  });
  const optimizers = entriesOf(data.study.spec).map((entry) => ({
    ...entry,
    ...asTuned(data, entry),
    label: label(String(entry['label'])),
  }));
  return {
    ...data,
    study: { ...data.study, spec: { ...asObject(data.study.spec), optimizers } },
    stages: data.stages.map(rename),
    trials: data.trials.map(rename),
  };
}

/** What the level of the protocol left untuned and set, now that the entry stands without its protocol. */
function asTuned(data: StudyData, { label }: Json): Json {
  const trial = data.trials.find(({ optimizer }) => optimizer === label);
  const level = levelsOf(data).at(-1);
  const entry = trial && specEntry(data.study.spec, trial.workload, String(label), level);
  if (!trial || !entry) return {};
  const untuned = Object.keys(trial.hyperparameters).filter(entry.untuned);
  return { untuned, ...(entry.schedule !== undefined && { schedule: entry.schedule }) };
}

/** Keys of a study that make it another experiment. */
const SHARED = ['budget', 'evaluate_every', 'trials', 'sampler', 'repetitions', 'seed'];

function notesOf(studies: readonly NamedStudy[], sameLevels: boolean): string[] {
  const notes = SHARED.flatMap((key) => {
    const values = studies.map(({ data }) => asObject(data.study.spec)[key]);
    if (agree(values)) return [];
    return `their ${key} differs: ${formatList(studies.map(({ name }, i) => `${asText(values[i])} in ${name}`))}`;
  });
  if (!agree(studies.map(({ data }) => data.study.machine['cpu'])))
    notes.push('they were run on different machines, so times do not compare');
  if (!sameLevels) {
    const last = studies.map(({ name, data }) => `${levelsOf(data).at(-1) || 'all'} of ${name}`);
    notes.push(
      `their protocols have different levels, and of each the last counts: ${formatList(last)}`,
    );
  }
  return notes;
}

const agree = (values: readonly unknown[]): boolean =>
  values.every((value) => JSON.stringify(value) === JSON.stringify(values[0]));

const asText = (value: unknown): string =>
  value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);

function mergedMachine(studies: readonly NamedStudy[]): Record<string, string> {
  const keys = new Set(studies.flatMap(({ data }) => Object.keys(data.study.machine)));
  return Object.fromEntries(
    [...keys].map((key) => {
      const values = new Set(studies.map(({ data }) => data.study.machine[key] ?? 'unknown'));
      return [key, [...values].join('; ')];
    }),
  );
}

function entriesOf(spec: unknown): Json[] {
  const { optimizers } = asObject(spec);
  return Array.isArray(optimizers) ? optimizers.map(asObject) : [];
}
