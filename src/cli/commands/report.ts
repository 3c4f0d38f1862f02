import { Command, InvalidArgumentError } from 'commander';
import { openStore } from '../../store/sqlite-store.js';
import { presentReport } from '../present-report.js';
import { databaseOf, reportFolder } from '../study-files.js';

interface Options {
  db?: string;
  output?: string;
  target?: number;
  png?: boolean;
  json?: boolean;
}

/** `optcmp report STUDY` */
export function reportCommand(): Command {
  return new Command('report')
    .description('rank the optimizers of a study; write its HTML report, figures and tables')
    .argument('<study>', 'study file or name, or its database')
    .option('--db <file>', 'database (default: optcmp-results/<study>.sqlite)')
    .option('--output <folder>', 'where the report goes (default: beside the database)')
    .option(
      '--target <value>',
      'also rank by the steps until the objective is at most this',
      parseTarget,
    )
    .option('--png', 'write the figures as PNG as well')
    .option('--json', 'print JSON')
    .action(report);
}

async function report(
  studyOrDatabase: string,
  { db, output, target, ...options }: Options,
): Promise<void> {
  const database = await databaseOf(studyOrDatabase, db);
  const store = await openStore(database);
  const data = await store.read().finally(() => store.close());
  await presentReport(data, output ?? reportFolder(database), {
    ...options,
    ...(target !== undefined && { target }),
  });
}

function parseTarget(text: string): number {
  const target = Number(text);
  if (text.trim() !== '' && Number.isFinite(target)) return target;
  throw new InvalidArgumentError(
    'it must be a number, in the unit of the objective: 0.08, not 8 %.',
  );
}
