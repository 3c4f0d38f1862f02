import { resolve } from 'node:path';
import { Command } from 'commander';
import { compileModel, printProgram } from '../../compiler/index.js';
import { builtinWorkloads, readWorkload } from '../../workloads/index.js';
import { lossOf, namesOf } from '../../workloads/load-workload.js';
import { parseCount } from '../parse-count.js';
import { printJson } from '../print.js';

interface ShowOptions {
  batchSize?: number;
  evaluate?: boolean;
  json?: boolean;
}

/** `optcmp program show MODEL.onnx` */
export function programCommand(): Command {
  return new Command('program')
    .description('look at compiled programs')
    .addCommand(
      new Command('show')
        .description('the ops that a training step runs')
        .argument('<model>', 'ONNX file, or the name of a built-in workload')
        .option('--batch-size <n>', "batch size (default: the workload's, else 256)", parseCount)
        .option('--evaluate', 'the program of an evaluation step')
        .option('--json', 'print JSON')
        .action(show),
    );
}

function show(modelOrWorkload: string, { batchSize, evaluate, json }: ShowOptions): void {
  const workloadFile = builtinWorkloads().get(modelOrWorkload);
  const workload = workloadFile === undefined ? undefined : readWorkload(workloadFile);
  const model =
    workloadFile === undefined || workload === undefined
      ? modelOrWorkload
      : resolve(workloadFile, '..', workload.model);
  const programs = compileModel(model, {
    batchSize: batchSize ?? workload?.batchSize ?? 256,
    ...(workload && namesOf(workload)),
    loss: workload ? lossOf(workload) : { kind: 'softmax_cross_entropy' },
  });
  const program = evaluate ? programs.evaluate : programs.train;
  if (json) printJson(program);
  else console.log(printProgram(program));
}
