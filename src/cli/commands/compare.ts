import { basename, dirname, join } from 'node:path';
import { Command } from 'commander';
import { mergeStudies, type NamedStudy } from '../../report/merge-studies.js';
import { openStore } from '../../store/sqlite-store.js';
import { presentReport } from '../present-report.js';
import { databaseOf, studyName } from '../study-files.js';

interface Options {
  output?: string;
  png?: boolean;
  json?: boolean;
}

/** `optcmp compare A.db B.db` */
export function compareCommand(): Command {
  return new Command('compare')
    .description('put studies side by side: one ranking and one report of all their entries')
    .argument('<studies...>', 'study files or names, or their databases; two or more')
    .option('--output <folder>', 'where the report goes (default: beside the first database)')
    .option('--png', 'write the figures as PNG as well')
    .option('--json', 'print JSON')
    .action(compare);
}

async function compare(given: string[], { output, ...options }: Options): Promise<void> {
  const databases: string[] = [];
  for (const study of given) databases.push(await databaseOf(study));
  const studies: NamedStudy[] = [];
  for (const database of databases) {
    const store = await openStore(database);
    const data = await store.read().finally(() => store.close());
    studies.push({ name: studyName(database), data });
  }
  const data = mergeStudies(studies);
  const names = databases.map(studyName).join('-and-');
  const beside = join(dirname(databases[0] ?? ''), `${basename(names)}-report`);
  await presentReport(data, output ?? beside, options);
}
