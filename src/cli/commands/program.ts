import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  compileModel,
  type Program,
  printProgram,
  programBytes,
  RECOMPUTE,
  type Recompute,
} from '../../compiler/index.js';
import { builtinWorkloads, readWorkload } from '../../workloads/index.js';
import { lossOf, namesOf } from '../../workloads/load-workload.js';
import { parseCount } from '../parse-count.js';
import { printJson } from '../print.js';

interface ShowOptions {
  batchSize?: number;
  evaluate?: boolean;
  recompute?: Recompute;
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
        .addOption(
          new Option('--recompute <what>', 'what the backward pass makes again to save memory')
            .choices(RECOMPUTE)
            .default('none'),
        )
        .option('--json', 'print JSON')
        .action(show),
    );
}

function show(
  modelOrWorkload: string,
  { batchSize, evaluate, recompute = 'none', json }: ShowOptions,
): void {
  const workloadFile = builtinWorkloads().get(modelOrWorkload);
  const workload = workloadFile === undefined ? undefined : readWorkload(workloadFile);
  const model =
    workloadFile === undefined || workload === undefined
      ? modelOrWorkload
      : resolve(workloadFile, '..', workload.model);
  const compile = (policy: Recompute) =>
    compileModel(model, {
      batchSize: batchSize ?? workload?.batchSize ?? 256,
      ...(workload && namesOf(workload)),
      recompute: policy,
      loss: workload ? lossOf(workload) : { kind: 'softmax_cross_entropy' },
    });
  const programs = compile(recompute);
  const program = evaluate ? programs.evaluate : programs.train;
  if (json) {
    printJson(program);
    return;
  }
  console.log(printProgram(program));
  console.log(`temporaries: ${formatBytes(program)}`);
  if (recompute !== 'none')
    console.log(`without --recompute: ${formatBytes(compile('none').train)}`);
}

function formatBytes(program: Program): string {
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const { peak, total } = programBytes(program);
  return `${mib(peak)} alive at once, ${mib(total)} in all`;
}
