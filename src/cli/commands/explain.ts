import { Argument, Command } from 'commander';
import { WARNINGS } from '../../report/warnings/index.js';
import { printJson } from '../print.js';

/** `optcmp explain CODE` */
export function explainCommand(): Command {
  const codes = WARNINGS.map(({ code }) => code).sort();
  return new Command('explain')
    .description('what a warning means, and what to do')
    .addArgument(new Argument('<code>', 'as printed with it').choices(codes))
    .option('--json', 'print JSON')
    .action((wanted: string, { json }: { json?: boolean }) => {
      const found = WARNINGS.find(({ code }) => code === wanted);
      if (found === undefined) return;
      const { code, kind, title, explanation, advice } = found;
      if (json) printJson({ code, kind, title, explanation, advice });
      else console.log(`${code}: ${title}\n\n${explanation}\n\nWhat to do: ${advice}`);
    });
}
