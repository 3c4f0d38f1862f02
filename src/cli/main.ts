#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { compareCommand } from './commands/compare.js';
import { equivalenceCommand } from './commands/equivalence.js';
import { explainCommand } from './commands/explain.js';
import { importCommand } from './commands/import.js';
import { listCommand } from './commands/list.js';
import { programCommand } from './commands/program.js';
import { reportCommand } from './commands/report.js';
import { runCommand } from './commands/run.js';
import { statusCommand } from './commands/status.js';
import { taxonomyCommand } from './commands/taxonomy.js';
import { workloadCommand } from './commands/workload.js';
import { ExitCode } from './exit-code.js';

const packageJson = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string; description: string };

const program = new Command('optcmp')
  .description(packageJson.description)
  .version(packageJson.version)
  .exitOverride()
  .showHelpAfterError('(optcmp --help shows every command)')
  .addHelpText(
    'after',
    `
Examples:
  optcmp run studies/quickstart.yaml      run a study, or go on with it
  optcmp report studies/quickstart.yaml   rank the optimizers, write the HTML report
  optcmp workload check model.onnx        what a model holds, costs and lacks

Exit codes: 0 done · 1 error · 2 wrong usage · 3 some trials failed · 130 interrupted`,
  );

for (const command of [
  runCommand(),
  reportCommand(),
  compareCommand(),
  equivalenceCommand(),
  importCommand(),
  explainCommand(),
  statusCommand(),
  listCommand(),
  workloadCommand(),
  programCommand(),
  taxonomyCommand(),
]) {
  program.addCommand(command.copyInheritedSettings(program));
}

// Whoever reads may have enough before we are done, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(ExitCode.done);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = describe(error);
}

/** Prints what went wrong for a person and returns the exit code. */
function describe(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
  const message = error instanceof Error ? error.message : String(error);
  console.error(`optcmp: ${message}`);
  if (process.env['OPTCMP_DEBUG'] && error instanceof Error) console.error(error.stack);
  return ExitCode.error;
}
