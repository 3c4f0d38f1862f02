import { Argument, Command } from 'commander';
import { engineInfo } from '../../engine/index.js';
import { describeOptimizer, type Optimizer, optimizers, wrappers } from '../../optimizers/index.js';
import { protocols } from '../../protocols/index.js';
import { formatSetting } from '../../report/format.js';
import { schedules } from '../../schedules/index.js';
import { listStudies } from '../../study/find-study.js';
import { loadStudy } from '../../study/load-study.js';
import { planTrials } from '../../study/plan-trials.js';
import { listWorkloads } from '../../workloads/index.js';
import { printJson, printTable } from '../print.js';

/** A list for programs (`items`) and for people. */
interface Listing {
  items: readonly unknown[];
  header: string[];
  rows: string[][];
  /** Columns that hold numbers. */
  right?: number[];
}

const LISTS = {
  optimizers: listOptimizers,
  schedules: listSchedules,
  protocols: listProtocols,
  workloads: listAllWorkloads,
  studies: listAllStudies,
  engine: listEngine,
};

/** `optcmp list optimizers|schedules|protocols|workloads|studies|engine` */
export function listCommand(): Command {
  return new Command('list')
    .description('list what can be compared and run')
    .addArgument(new Argument('<what>').choices(Object.keys(LISTS)))
    .option('--json', 'print JSON')
    .action(async (what: keyof typeof LISTS, { json }: { json?: boolean }) => {
      const { items, header, rows, right }: Listing = await LISTS[what]();
      if (json) printJson(items);
      else printTable(header, rows, right);
    });
}

function listOptimizers(): Listing {
  const items = optimizers.map(describeOptimizer);
  const named = (list: (typeof items)[number]['hyperparameters']) =>
    list.map((h) => `${h.name} (${formatSetting(h.fraction ?? h.default)})`).join(', ');
  const around = Object.entries(wrappers).map(([name, wrap]) => {
    const { title, hyperparameters } = describeOptimizer(wrap(optimizers[0] as Optimizer));
    const own = hyperparameters.filter((h) => h.name.startsWith(`${name}_`));
    return [`wrapper ${name}`, '', title.replace(/ of .*/, ' of any optimizer'), named(own)];
  });
  return {
    items,
    header: ['optimizer', 'variants', 'what it is', 'hyperparameters (default)'],
    rows: [
      ...items.map(({ name, title, variants, hyperparameters }) => [
        name,
        variants.join(', '),
        title,
        named(hyperparameters),
      ]),
      ...around,
    ],
  };
}

function listProtocols(): Listing {
  return {
    items: protocols,
    header: ['protocol', 'levels', 'source'],
    rows: protocols.map(({ name, source, levels }) => [
      name,
      levels.map((level) => level.name).join(' → '),
      source,
    ]),
  };
}

function listSchedules(): Listing {
  const items = schedules.map(({ kind, title, source, parameters, formula }) => ({
    kind,
    title,
    source,
    parameters,
    formula,
  }));
  return {
    items,
    header: [
      'schedule',
      'parameters (default; of the budget where counted in steps)',
      'what it is',
    ],
    rows: items.map(({ kind, title, parameters }) => [
      kind,
      Object.entries(parameters)
        .map(
          ([name, { default: value, fraction }]) => `${name} (${formatSetting(fraction ?? value)})`,
        )
        .join(', ') || '–',
      title,
    ]),
  };
}

function listAllWorkloads(): Listing {
  const items = listWorkloads();
  return {
    items,
    header: ['workload', 'data set', 'batch', 'steps', 'target'],
    rows: items.map(({ name, dataset, batchSize, steps, target }) => [
      name,
      dataset.name,
      String(batchSize),
      String(steps),
      target ? `${target.metric} ≤ ${target.value}` : '–',
    ]),
    right: [2, 3],
  };
}

function listEngine(): Listing {
  const { bf16, bf16Obstacle = bf16, ...info } = engineInfo();
  const facts = { ...info, f32: 'native', bf16: bf16Obstacle };
  return { items: [facts], header: ['engine', ''], rows: Object.entries(facts) };
}

async function listAllStudies(): Promise<Listing> {
  const items = await Promise.all(
    listStudies().map(async (path) => {
      const study = await loadStudy(path);
      const { name, workloads, optimizers } = study.spec;
      const labels = optimizers.map(({ label }) => label);
      return { name, path, workloads, optimizers: labels, trials: planTrials(study).length };
    }),
  );
  return {
    items,
    header: ['study', 'workloads', 'optimizers', 'trials', 'file'],
    rows: items.map(({ name, path, workloads, optimizers, trials }) => [
      name,
      workloads.join(', '),
      optimizers.join(', '),
      String(trials),
      path,
    ]),
    right: [3],
  };
}
