import { CompileError } from '../../compile-error.js';
import { fixed } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { Known } from '../known.js';
import { type Imported, isKnown, isValue, type NodeReader, Sequence } from '../node-reader.js';
import type { OnnxGraph } from '../onnx-model.js';
import { axis } from './importer.js';

type Results = readonly (Imported | undefined)[];

/** Imports the nodes of a graph within a node, for these inputs; returns its outputs. */
export type RunBody = (body: OnnxGraph, inputs: Results) => Results;

/** Operators that say which graph to calculate, and how often: decided when compiling. */
export const control: Readonly<Record<string, (n: NodeReader, run: RunBody) => Results>> = {
  If: (n, run) => run(n.graph(n.scalar(0, 0) !== 0 ? 'then_branch' : 'else_branch'), []),
  Loop: loop,
  Scan: scan,
  SequenceMap: sequenceMap,
};

/** Steps one after the other, as often as is known when compiling. */
function loop(n: NodeReader, run: RunBody): Results {
  const body = n.graph('body');
  const trips = n.scalar(0, Number.POSITIVE_INFINITY);
  const count = body.inputs.length - 2;
  let goesOn = n.scalar(1, 1) !== 0;
  let carried: Results = Array.from({ length: count }, (_, k) => n.maybe(2 + k));
  const made: Results[] = [];
  for (let step = 0; goesOn && step < trips; step++) {
    const given = [Known.scalar('int', step), Known.scalar('bool', 1), ...carried];
    const [condition, ...outputs] = run(body, given);
    goesOn = isTrue(condition);
    carried = outputs.slice(0, count);
    made.push(outputs.slice(count));
  }
  const scans = body.outputs.length - 1 - count;
  const stacks = Array.from({ length: scans }, (_, k) =>
    stack(
      n,
      made.map((step) => step[k]),
      0,
    ),
  );
  return [...carried, ...stacks];
}

/** Steps along an axis of the inputs that are scanned. */
function scan(n: NodeReader, run: RunBody): Results {
  if (n.opset < 9) throw new CompileError('Scan is supported from operator set 9 on');
  const body = n.graph('body');
  const scanned = n.int('num_scan_inputs', 0);
  const count = body.inputs.length - scanned;
  const inAxes = n.ints('scan_input_axes');
  const inDirections = n.ints('scan_input_directions');
  const outAxes = n.ints('scan_output_axes');
  const outDirections = n.ints('scan_output_directions');
  const inputs = Array.from({ length: scanned }, (_, k) => {
    const x = n.tensor(count + k);
    return { x, along: axis(inAxes?.[k] ?? 0, x.shape.length), backwards: inDirections?.[k] === 1 };
  });
  const [first] = inputs;
  const length = fixed(first?.x.shape[first.along], 'the length that is scanned');
  let carried: Results = Array.from({ length: count }, (_, k) => n.maybe(k));
  const made: Results[] = [];
  for (let step = 0; step < length; step++) {
    const slices = inputs.map(({ x, along, backwards }) =>
      sliceAt(n, x, along, backwards ? length - 1 - step : step),
    );
    const outputs = run(body, [...carried, ...slices]);
    carried = outputs.slice(0, count);
    made.push(outputs.slice(count));
  }
  const stacks = Array.from({ length: body.outputs.length - count }, (_, k) => {
    const steps = made.map((step) => step[k]);
    return stack(n, outDirections?.[k] === 1 ? steps.toReversed() : steps, outAxes?.[k] ?? 0);
  });
  return [...carried, ...stacks];
}

/** The same graph for each item of a list, as PyTorch writes hstack. */
function sequenceMap(n: NodeReader, run: RunBody): Results {
  const body = n.graph('body');
  const inputs = Array.from({ length: n.inputCount }, (_, k) => n.maybe(k));
  const made = n.sequence(0).items.map((_, step) =>
    run(
      body,
      inputs.map((input) => (input instanceof Sequence ? at(input.items, step) : input)),
    ),
  );
  return body.outputs.map((_, k) => new Sequence(made.map((results) => tensorOf(results[k]))));
}

function isTrue(condition: Imported | undefined): boolean {
  if (isKnown(condition)) return condition.numbers()[0] !== 0;
  throw new CompileError('whether a loop goes on must be known when compiling');
}

function sliceAt(n: NodeReader, x: Value, along: number, place: number): Value {
  const cut = { axes: [along], starts: [place], steps: [1], lengths: [1] };
  return n.reshape(n.emit('slice', [x], cut), x.shape.toSpliced(along, 1));
}

function tensorOf(made: Imported | undefined): Value | Known {
  if (isKnown(made) || isValue(made)) return made;
  throw new CompileError('a step makes no tensor');
}

/** What all steps made, along a new axis. */
function stack(n: NodeReader, steps: Results, position: number): Imported | undefined {
  const tensors = steps.map((made) => {
    const tensor = tensorOf(made);
    return isKnown(tensor) ? n.constant(tensor) : tensor;
  });
  const [first] = tensors;
  if (first === undefined) throw new CompileError('a loop that takes no step makes nothing');
  const along = axis(position, first.shape.length + 1);
  const parts = tensors.map((x) => n.reshape(x, x.shape.toSpliced(along, 0, 1)));
  return parts.length === 1 ? at(parts, 0) : n.emit('concat', parts, { axis: along });
}
