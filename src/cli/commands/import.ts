import { Argument, Command, InvalidArgumentError } from 'commander';
import { FORMATS, type ImportOptions, readImported, writeImported } from '../../imports/index.js';
import { formatPlural } from '../../report/format.js';
import { printJson } from '../print.js';

interface Options extends Omit<ImportOptions, 'columns'> {
  output: string;
  column?: Record<string, string>;
  json?: boolean;
}

/** `optcmp import FORMAT PATH -o FILE` */
export function importCommand(): Command {
  const formats = Object.entries(FORMATS).map(
    ([name, { description }]) => `  ${name.padEnd(16)}${description}`,
  );
  return new Command('import')
    .description('make a database of results that were trained elsewhere')
    .addArgument(new Argument('<format>', 'what wrote them').choices(Object.keys(FORMATS)))
    .argument('<path>', 'file or folder')
    .requiredOption('-o, --output <file>', 'the database to write, e.g. study.sqlite')
    .option('--name <name>', 'name of the study (default: from the source)')
    .option('--workload <name>', 'workload, where the source does not say')
    .option('--optimizer <label>', 'optimizer, where the source does not say')
    .option('--metric <name>', 'what to compare by, as the source calls it')
    .option('--maximize', 'that metric is better when greater')
    .option('--column <what=name...>', 'a column of a table by what it holds', parseColumn)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nFormats (docs/IMPORTS.md):\n${formats.join('\n')}\n\nThen: optcmp report study.sqlite`,
    )
    .action(run);
}

async function run(
  format: string,
  path: string,
  { output, column, json, ...options }: Options,
): Promise<void> {
  const study = await readImported(format, path, {
    ...options,
    ...(column && { columns: column }),
  });
  await writeImported(study, output);
  const { name, metric, searches, trials, notes } = study;
  if (json) {
    printJson({ study: name, database: output, metric, searches, trials: trials.length, notes });
    return;
  }
  const count = formatPlural(trials.length, 'trial');
  console.log(`${count} of ${formatPlural(searches.length, 'optimizer')}, by ${metric}: ${output}`);
  for (const note of notes) console.log(`! ${note}`);
  console.log(`Next: optcmp report ${output}`);
}

function parseColumn(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [what, ...rest] = text.split('=');
  if (what && rest.length > 0) return { ...before, [what]: rest.join('=') };
  throw new InvalidArgumentError('write it as what=name, e.g. optimizer=algo.');
}
