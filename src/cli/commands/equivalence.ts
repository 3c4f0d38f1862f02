import { Command, InvalidArgumentError } from 'commander';
import { compareEntries, type PairedComparison } from '../../report/compare-entries.js';
import { openStore } from '../../store/sqlite-store.js';
import { printJson, printTable } from '../print.js';
import { databaseOf } from '../study-files.js';

interface Options {
  margin: number;
  db?: string;
  json?: boolean;
}

/** `optcmp equivalence STUDY A B` */
export function equivalenceCommand(): Command {
  return new Command('equivalence')
    .description('whether two entries of a study give the same, seed by seed')
    .argument('<study>', 'study file or name, or its database')
    .argument('<a>', 'label of an entry')
    .argument('<b>', 'label of another, with the same points')
    .requiredOption('--margin <size>', 'differences below this count as none', parseMargin)
    .option('--db <file>', 'database (default: optcmp-results/<study>.sqlite)')
    .option('--json', 'print JSON')
    .action(equivalence);
}

async function equivalence(study: string, a: string, b: string, options: Options): Promise<void> {
  const store = await openStore(await databaseOf(study, options.db));
  const data = await store.read().finally(() => store.close());
  const comparisons = compareEntries(data, [a, b], options.margin);
  if (options.json) {
    printJson(comparisons);
    return;
  }
  const header = ['workload', 'split', 'pairs', 'diverged', a, b, `${a} − ${b}`, '90 %', 'p', ''];
  printTable(header, comparisons.map(rowOf), [2, 3, 4, 5, 6, 7, 8]);
  console.log(
    `\nequivalent: the interval lies within ±${options.margin} (two one-sided paired t-tests)`,
  );
}

function rowOf({ workload, split, means, equivalence, diverged }: PairedComparison): string[] {
  const { pairs, low, estimate, high, p, equivalent } = equivalence;
  const number = (value: number) => value.toFixed(5);
  return [
    workload,
    split,
    String(pairs),
    `${diverged.a} / ${diverged.b} / ${diverged.both}`,
    ...means.map(number),
    number(estimate),
    `${number(low)} – ${number(high)}`,
    p < 1e-4 ? '< 0.0001' : p.toFixed(4),
    equivalent ? 'equivalent' : 'not shown',
  ];
}

function parseMargin(text: string): number {
  const margin = Number(text);
  if (margin > 0 && Number.isFinite(margin)) return margin;
  throw new InvalidArgumentError('it must be a number above 0, in the unit of the metric.');
}
