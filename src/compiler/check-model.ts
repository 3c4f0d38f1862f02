import { columns } from '../text/columns.js';
import { CompileError, type CompileProblem } from './compile-error.js';
import { compileModel } from './compile-model.js';
import { elements, formatShape } from './dimension.js';
import { at, type Value } from './graph.js';
import { type ImportResult, importGraph, supportedOperators } from './onnx/import-graph.js';
import { type OnnxModel, readOnnxModel } from './onnx/onnx-model.js';
import { countFlops } from './ops/count-flops.js';

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
  batchSize: number;
  /** Floating-point operations of a training step at `batchSize`, a multiply-add counted as two. */
  flops: { forward: number; backward: number } | undefined;
  /** Why it cannot be trained; empty when it can. */
  problems: CompileProblem[];
  warnings: string[];
}

/**
 * Looks an ONNX file over without training it, and names everything that is not supported, not just the first.
 * @param batchSize for the count of operations; a model with a fixed batch is counted at that.
 * @throws {CompileError} when the file cannot be read as ONNX at all.
 */
export function checkModel(path: string, { batchSize = 256 } = {}): ModelReport {
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
    batchSize,
    flops: undefined,
    problems: [],
    warnings: [],
  };
  try {
    describe(model, importGraph(model), report);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    report.problems.push(...error.problems);
  }
  return report;
}

function countOperators({ nodes }: OnnxModel): ModelReport['operators'] {
  const counts = new Map<string, number>();
  for (const { opType } of nodes) counts.set(opType, (counts.get(opType) ?? 0) + 1);
  return [...counts]
    .map(([opType, count]) => ({ opType, count, supported: supportedOperators.includes(opType) }))
    .sort((a, b) => a.opType.localeCompare(b.opType, 'en'));
}

function describe(model: OnnxModel, imported: ImportResult, report: ModelReport): void {
  const { graph, inputs, parameters, problems } = imported;
  report.inputs = inputs.map(named);
  report.parameters = parameters.map(({ name, shape, read }) => ({
    name,
    shape: shape as number[],
    elements: elements(shape) as number,
    stored: read !== undefined,
  }));
  report.parameterElements = report.parameters.reduce((sum, p) => sum + p.elements, 0);
  report.problems.push(...problems);

  const [batch] = at(inputs, 0).shape;
  if (typeof batch === 'number') {
    report.batchSize = batch;
    report.warnings.push(
      `the batch size is fixed at ${batch}; export with a symbolic batch axis to choose it`,
    );
  }
  if (graph === undefined) return;
  report.output = graph.outputs.map(named)[0];
  measure(model, report);
}

const named = ({ name, shape }: Value) => ({ name, shape: formatShape(shape) });

function measure(model: OnnxModel, report: ModelReport): void {
  const stored = report.parameters.length > 0 && report.parameters.every((p) => p.stored);
  const { train, evaluate } = compileModel(model, {
    batchSize: report.batchSize,
    loss: { kind: 'softmax_cross_entropy' },
    initialization: stored ? 'model' : 'pytorch',
  });
  const forward = countFlops(evaluate);
  report.flops = { forward, backward: countFlops(train) - forward };

  const used = new Set(train.tensors.map(({ name }) => name));
  const unused = report.parameters.filter(({ name }) => !used.has(name));
  if (unused.length > 0) {
    const names = unused.map(({ name }) => `"${name}"`).join(', ');
    report.warnings.push(`the output does not depend on ${names}; not trained`);
  }
  if (!train.tensors.some(({ role }) => role === 'parameter')) {
    report.problems.push({ message: 'the model has no parameters to train' });
  }
}

/** The report for people. */
export function formatReport(report: ModelReport): string {
  const { inputs, output, operators, parameters, flops, problems, warnings } = report;
  const lines = [
    `${report.file}: ${report.name}, operator set ${report.opset}${report.producer && `, by ${report.producer}`}`,
    '',
    `input       ${inputs.map(({ name, shape }) => `${name} ${shape}`).join(', ') || 'unknown'}`,
    `output      ${output ? `${output.name} ${output.shape}` : 'unknown'}`,
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
  lines.push(
    '',
    ...columns(parameters.map((p) => [p.name, `[${p.shape.join(', ')}]`, p.elements])),
  );
  for (const warning of warnings) lines.push('', `warning: ${warning}`);
  for (const { node, message } of problems) {
    lines.push('', `problem: ${node === undefined ? '' : `node ${node}: `}${message}`);
  }
  lines.push('', problems.length === 0 ? 'can be trained' : 'cannot be trained', '');
  return lines.join('\n');
}

const count = (n: number) => n.toLocaleString('en-US');

function storedNote({ parameters }: ModelReport): string {
  const stored = parameters.filter((p) => p.stored).length;
  if (stored === 0) return ', started by the engine';
  return stored === parameters.length
    ? ', values in the file'
    : `, ${stored} with values in the file`;
}
