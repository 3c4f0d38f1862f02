import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  type CheckedModel,
  type CheckOptions,
  checkGradients,
  compileChecked,
  compileModel,
  formatReport,
  type GradientCheck,
} from '../../compiler/index.js';
import type { LossKind } from '../../compiler/losses.js';
import { LOSS_METRICS } from '../../compiler/losses.js';
import { planMemory } from '../../engine/index.js';
import { compileRule, getOptimizer } from '../../optimizers/index.js';
import { compileSchedule } from '../../schedules/index.js';
import { checkOptionsOf, findWorkload, readWorkload } from '../../workloads/index.js';
import { ExitCode } from '../exit-code.js';
import { parseCount } from '../parse-count.js';
import { printJson, printTable } from '../print.js';

interface Flags {
  batchSize?: number;
  loss?: LossKind;
  gradcheck?: boolean;
  samples: number;
  json?: boolean;
}

/** `optcmp workload check MODEL.onnx|WORKLOAD` */
export function workloadCommand(): Command {
  return new Command('workload').description('look at workloads').addCommand(
    new Command('check')
      .description('what a model holds, what a training step costs, and what is not supported')
      .argument('<model>', 'ONNX file, workload file, or the name of a built-in workload')
      .option(
        '--batch-size <n>',
        "batch size of the step (default: the workload's, else 256)",
        parseCount,
      )
      .addOption(
        new Option('--loss <kind>', 'loss for an ONNX file').choices(Object.keys(LOSS_METRICS)),
      )
      .option('--gradcheck', 'compare gradients with finite differences in float64')
      .option(
        '--samples <n>',
        'elements of each parameter that --gradcheck compares',
        parseCount,
        2,
      )
      .option('--json', 'print JSON')
      .action(check),
  );
}

async function check(modelOrWorkload: string, flags: Flags): Promise<void> {
  const { file, options } = subject(modelOrWorkload, flags);
  const checked = compileChecked(file, options);
  const memory = await memoryOf(checked);
  const gradients = flags.gradcheck ? gradientsOf(file, checked, options, flags) : undefined;
  if (flags.json) printJson({ ...checked.report, memory, gradients });
  else print(checked, memory, gradients);
  const failed = checked.report.problems.length > 0 || gradients?.some(({ passed }) => !passed);
  if (failed) process.exitCode = ExitCode.error;
}

function subject(modelOrWorkload: string, flags: Flags): { file: string; options: CheckOptions } {
  const given = flags.batchSize === undefined ? {} : { batchSize: flags.batchSize };
  if (modelOrWorkload.endsWith('.onnx')) {
    const loss = flags.loss && { loss: { kind: flags.loss } };
    return { file: modelOrWorkload, options: { ...loss, ...given } };
  }
  const path = findWorkload(modelOrWorkload);
  const spec = readWorkload(path);
  const options = { ...checkOptionsOf(spec), ...given };
  return { file: resolve(dirname(path), spec.model), options };
}

type Memory = Awaited<ReturnType<typeof planMemory>> | { error: string } | undefined;

/** A model is worth reporting on where the engine is missing or cannot run it yet. */
async function memoryOf({ programs }: CheckedModel): Promise<Memory> {
  if (programs === undefined) return undefined;
  try {
    const rule = compileRule(getOptimizer('sgd'));
    return await planMemory(programs, { rule, schedule: compileSchedule({ kind: 'constant' }) });
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** On a batch of two, as the differences take many forward passes; a fixed batch stays. */
function gradientsOf(
  file: string,
  { report, programs }: CheckedModel,
  options: CheckOptions,
  { samples }: Flags,
): GradientCheck[] | undefined {
  if (programs === undefined) return undefined;
  const stored = report.parameters.every((parameter) => parameter.stored);
  const fixed = report.inputs.every(({ shape }) => !shape.includes('N'));
  const { train } = compileModel(file, {
    ...options,
    loss: options.loss ?? { kind: 'softmax_cross_entropy' },
    batchSize: fixed ? report.batchSize : 2,
    initialization: stored ? 'model' : 'pytorch',
  });
  return checkGradients(train, { samples });
}

function print({ report }: CheckedModel, memory: Memory, gradients?: GradientCheck[]): void {
  console.log(formatReport(report));
  if (memory && 'error' in memory) console.log(`engine: ${memory.error}\n`);
  if (memory && 'arenaBytes' in memory) {
    const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    console.log(
      `memory: ${mib(memory.arenaBytes)} shared by temporaries of ${mib(memory.totalTensorBytes)}, ` +
        `of which ${mib(memory.liveTensorBytes)} are alive at once; ` +
        `${mib(memory.parameterBytes)} for parameters\n`,
    );
  }
  if (gradients === undefined) return;
  printTable(
    ['gradient of', 'elements', 'worst relative error', ''],
    gradients.map(({ parameter, elements, worst, passed }) => [
      parameter,
      String(elements),
      worst.toExponential(1),
      passed ? '' : 'wrong',
    ]),
    [1, 2],
  );
}
