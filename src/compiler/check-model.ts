import { columns } from '../text/columns.js';
import { CompileError, type CompileProblem } from './compile-error.js';
import { compileModel } from './compile-model.js';
import { elements, formatShape } from './dimension.js';
import { at, type Value } from './graph.js';
import { type LossKind, type LossSpec, logitsOf } from './losses.js';
import {
  type ImportOptions,
  type ImportResult,
  importGraph,
  type StoredTensor,
  supportedOperators,
} from './onnx/import-graph.js';
import { type OnnxModel, readOnnxModel } from './onnx/onnx-model.js';
import { countFlops } from './ops/count-flops.js';
import { size } from './ops/op-definition.js';
import { isProbabilityPair } from './probability-pair.js';
import type { Program } from './program.js';

/** What an ONNX file holds and whether it can be trained. */
export interface ModelReport {
  file: string;
  name: string;
  producer: string;
  opset: number;
  /** The data inputs; `N` in a shape is the batch. Empty when none could be made out. */
  inputs: { name: string; shape: string }[];
  /** The logits. Undefined when there are problems. */
  output: { name: string; shape: string } | undefined;
  operators: { opType: string; count: number; supported: boolean }[];
  /** All of the file, in its order; `stored` when the file has values for it. */
  parameters: { name: string; shape: number[]; elements: number; stored: boolean }[];
  parameterElements: number;
  /** All stored float tensors but scalars: what each is, and what decided that. */
  tensors: StoredTensor[];
  loss: LossKind;
  batchSize: number;
  /** Floating-point operations of a training step at `batchSize`, a multiply-add counted as two. */
  flops: { forward: number; backward: number } | undefined;
  /** Why it cannot be trained; empty when it can. */
  problems: CompileProblem[];
  warnings: string[];
}

export interface CheckOptions extends ImportOptions {
  /** For the count of operations; a model with a fixed batch is counted at that. Default 256. */
  batchSize?: number;
  /** Default: softmax cross-entropy. */
  loss?: LossSpec;
}

/** The programs of a model that can be trained, with its report. */
export interface CheckedModel {
  report: ModelReport;
  programs: { train: Program; evaluate: Program } | undefined;
}

/**
 * Looks an ONNX file over without training it, and names everything that is not supported, not just the first.
 * @throws {CompileError} when the file cannot be read as ONNX at all.
 */
export const checkModel = (path: string, options: CheckOptions = {}): ModelReport =>
  compileChecked(path, options).report;

/** As `checkModel`, with the programs. */
export function compileChecked(path: string, options: CheckOptions = {}): CheckedModel {
  const { batchSize = 256, loss = { kind: 'softmax_cross_entropy' } } = options;
  const model = readOnnxModel(path);
  const report: ModelReport = {
    file: path,
    name: model.name,
    producer: model.producer,
    opset: model.opset,
    inputs: [],
    output: undefined,
    operators: countOperators(model),
    parameters: [],
    parameterElements: 0,
    tensors: [],
    loss: loss.kind,
    batchSize,
    flops: undefined,
    problems: [],
    warnings: [],
  };
  try {
    const programs = describe(model, importGraph(model, options), report, { ...options, loss });
    return { report, programs: report.problems.length > 0 ? undefined : programs };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    report.problems.push(...error.problems);
    return { report, programs: undefined };
  }
}

function countOperators({ nodes }: OnnxModel): ModelReport['operators'] {
  const counts = new Map<string, number>();
  for (const { opType } of nodes) counts.set(opType, (counts.get(opType) ?? 0) + 1);
  return [...counts]
    .map(([opType, count]) => ({ opType, count, supported: supportedOperators.includes(opType) }))
    .sort((a, b) => a.opType.localeCompare(b.opType, 'en'));
}

type Measured = CheckOptions & { loss: LossSpec };

function describe(
  model: OnnxModel,
  imported: ImportResult,
  report: ModelReport,
  options: Measured,
): CheckedModel['programs'] {
  const { graph, inputs, parameters, problems } = imported;
  report.tensors = imported.tensors;
  report.warnings.push(...imported.warnings);
  report.inputs = inputs.map(named);
  report.parameters = parameters.map(({ name, shape, read }) => ({
    name,
    shape: shape as number[],
    elements: elements(shape) as number,
    stored: read !== undefined,
  }));
  report.parameterElements = report.parameters.reduce((sum, p) => sum + p.elements, 0);
  report.problems.push(...problems);

  if (graph && logitsOf(graph, options.loss.kind)) {
    report.warnings.push(
      'the output is probabilities; the loss and the predictions are of what they are made from, the logits',
    );
  }
  if (graph && options.loss.kind === 'softmax_cross_entropy' && isProbabilityPair(graph)) {
    report.warnings.push(
      'the output is two probabilities [1 − p, p], as scikit-learn gives them, but the loss takes it for logits: name what ' +
        'p is made from as the `output`, with the loss sigmoid_cross_entropy and labels 0 and 1',
    );
  }
  const [batch] = at(inputs, 0).shape;
  if (typeof batch === 'number') {
    report.batchSize = batch;
    report.warnings.push(
      `the batch size is fixed at ${batch}; export with a symbolic batch axis to choose it`,
    );
  }
  if (graph === undefined) return undefined;
  report.output = graph.outputs.map(named)[0];
  return measure(model, report, options);
}

const named = ({ name, shape }: Value) => ({ name, shape: formatShape(shape) });

function measure(model: OnnxModel, report: ModelReport, options: Measured) {
  const stored = report.parameters.length > 0 && report.parameters.every((p) => p.stored);
  const { train, evaluate } = compileModel(model, {
    ...options,
    batchSize: report.batchSize,
    initialization: stored ? 'model' : 'pytorch',
  });
  const forward = countFlops(evaluate);
  report.flops = { forward, backward: countFlops(train) - forward };

  const roles = new Map(train.tensors.map(({ name, role }) => [name, role]));
  const untrained = report.parameters.filter(({ name }) => roles.get(name) !== 'parameter');
  const named = (list: typeof untrained) => list.map(({ name }) => `"${name}"`).join(', ');
  const unused = untrained.filter(({ name }) => !roles.has(name));
  if (unused.length > 0) {
    report.warnings.push(`the output does not depend on ${named(unused)}; not trained`);
  }
  const unreached = untrained.filter(({ name }) => roles.has(name));
  if (unreached.length > 0) {
    report.warnings.push(`no gradient reaches ${named(unreached)}; not trained`);
  }
  if (!train.tensors.some(({ role }) => role === 'parameter')) {
    report.problems.push({ message: 'the model has no parameters to train' });
  }
  return { train, evaluate };
}

/** The report for people. */
export function formatReport(report: ModelReport): string {
  const { inputs, output, operators, parameters, flops, problems, warnings } = report;
  const lines = [
    `${report.file}: ${report.name}, operator set ${report.opset}${report.producer && `, by ${report.producer}`}`,
    '',
    `input       ${inputs.map(({ name, shape }) => `${name} ${shape}`).join(', ') || 'unknown'}`,
    `output      ${output ? `${output.name} ${output.shape}` : 'unknown'}, loss ${report.loss}`,
    `parameters  ${count(report.parameterElements)} in ${parameters.length} tensors${storedNote(report)}`,
  ];
  if (flops) {
    const [forward, backward] = [flops.forward / 1e6, flops.backward / 1e6].map((n) =>
      n.toFixed(1),
    );
    lines.push(
      `FLOPs       ${forward} M forward, ${backward} M backward a step of ${report.batchSize} examples`,
    );
  }
  lines.push(
    '',
    ...columns(operators.map((o) => [o.opType, o.count, o.supported ? '' : 'not supported'])),
  );
  lines.push('', ...columns(tensorRows(report)));
  for (const warning of warnings) lines.push('', `warning: ${warning}`);
  for (const { node, message } of problems) {
    lines.push('', `problem: ${node === undefined ? '' : `node ${node}: `}${message}`);
  }
  lines.push('', problems.length === 0 ? 'can be trained' : 'cannot be trained', '');
  return lines.join('\n');
}

/** Parameters first, then what else is stored, with what decided it. */
function tensorRows({ tensors }: ModelReport): (string | number)[][] {
  const order: StoredTensor['role'][] = ['parameter', 'state', 'frozen', 'constant'];
  return order.flatMap((role) =>
    tensors
      .filter((tensor) => tensor.role === role)
      .map(({ name, shape, reason }) => [
        name,
        `[${shape.join(', ')}]`,
        size(shape),
        role,
        role === 'parameter' ? '' : reason,
      ]),
  );
}

const count = (n: number) => n.toLocaleString('en-US');

function storedNote({ parameters }: ModelReport): string {
  const stored = parameters.filter((p) => p.stored).length;
  if (stored === 0) return ', started by the engine';
  return stored === parameters.length
    ? ', values in the file'
    : `, ${stored} with values in the file`;
}
