import { Argument, Command } from 'commander';
import { describeOptimizer, optimizers } from '../../optimizers/index.js';
import { formatSetting } from '../../report/format.js';
import { listStudies } from '../../study/find-study.js';
import { loadStudy } from '../../study/load-study.js';
import { planTrials } from '../../study/plan-trials.js';
import { listWorkloads } from '../../workloads/index.js';
import { printJson, printTable } from '../print.js';

const LISTS = { optimizers: listOptimizers, workloads: listAllWorkloads, studies: listAllStudies };

/** `optcmp list optimizers|workloads|studies` */
export function listCommand(): Command {
  return new Command('list')
    .description('list what can be compared and run')
    .addArgument(new Argument('<what>').choices(Object.keys(LISTS)))
    .option('--json', 'print JSON')
    .action((what: keyof typeof LISTS, { json = false }: { json?: boolean }) => LISTS[what](json));
}

function listOptimizers(json: boolean): void {
  const descriptions = optimizers.map(describeOptimizer);
  if (json) return printJson(descriptions);
  printTable(
    ['optimizer', 'variants', 'hyperparameters (default)', 'update'],
    descriptions.map(({ name, variants, hyperparameters, formula }) => [
      name,
      variants.join(', '),
      hyperparameters.map((h) => `${h.name} (${formatSetting(h.default)})`).join(', '),
      formula.text.join('; '),
    ]),
  );
}

function listAllWorkloads(json: boolean): void {
  const workloads = listWorkloads();
  if (json) return printJson(workloads);
  printTable(
    ['workload', 'data set', 'batch', 'steps', 'target'],
    workloads.map(({ name, dataset, batchSize, steps, target }) => [
      name,
      dataset.name,
      String(batchSize),
      String(steps),
      target ? `${target.metric} ≤ ${target.value}` : '–',
    ]),
    [2, 3],
  );
}

async function listAllStudies(json: boolean): Promise<void> {
  const studies = await Promise.all(
    listStudies().map(async (path) => {
      const study = await loadStudy(path);
      const { name, workloads, optimizers } = study.spec;
      const labels = optimizers.map(({ label }) => label);
      return { name, path, workloads, optimizers: labels, trials: planTrials(study).length };
    }),
  );
  if (json) return printJson(studies);
  printTable(
    ['study', 'workloads', 'optimizers', 'trials', 'file'],
    studies.map(({ name, path, workloads, optimizers, trials }) => [
      name,
      workloads.join(', '),
      optimizers.join(', '),
      String(trials),
      path,
    ]),
    [3],
  );
}
