import { Command } from 'commander';
import { checkModel, formatReport } from '../../compiler/index.js';
import { ExitCode } from '../exit-code.js';
import { parseCount } from '../parse-count.js';
import { printJson } from '../print.js';

interface CheckOptions {
  batchSize: number;
  json?: boolean;
}

/** `optcmp workload check MODEL.onnx` */
export function workloadCommand(): Command {
  return new Command('workload')
    .description('look at workloads')
    .addCommand(
      new Command('check')
        .description('what a model holds, what a training step costs, and what is not supported')
        .argument('<model>', 'ONNX file')
        .option('--batch-size <n>', 'batch size of the step', parseCount, 256)
        .option('--json', 'print JSON')
        .action(check),
    );
}

function check(model: string, { batchSize, json }: CheckOptions): void {
  const report = checkModel(model, { batchSize });
  if (json) printJson(report);
  else console.log(formatReport(report));
  if (report.problems.length > 0) process.exitCode = ExitCode.error;
}
