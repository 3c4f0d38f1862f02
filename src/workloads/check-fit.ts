import { CompileError } from '../compiler/compile-error.js';
import { BATCH, formatShape, sameShape } from '../compiler/dimension.js';
import type { Graph, Value } from '../compiler/graph.js';
import { limitIndices } from '../compiler/limit-indices.js';
import { type LossSpec, withLoss } from '../compiler/losses.js';
import type { Dataset } from '../datasets/dataset.js';
import type { Field, Split } from '../engine/types.js';

/** A tensor that a model or its loss takes, and where a data set has it. */
interface Taker {
  /** As messages call it, and what it takes. */
  title: string;
  what: 'examples' | 'labels';
  value: Value;
  fieldOf: (split: Split) => Field | undefined;
  /** Ids that are taken although they are out of range. */
  exempt?: readonly (number | undefined)[];
}

const SPLITS = ['train', 'validation', 'test'] as const;

/**
 * Checks that a data set has what a model and its loss take: as many inputs, shapes and types of elements, ids and
 * classes in range. A loss without labels leaves those of the data set alone.
 * @throws {CompileError} that names what is taken and what there is.
 */
export function checkFit(graph: Graph, loss: LossSpec, name: string, data: Dataset): void {
  const { inputs } = limitIndices(graph);
  const count = data.train.inputs.length;
  if (inputs.length !== count) {
    const names = inputs.map((input) => `"${input.name}"`).join(', ');
    throw new CompileError(
      `the model has ${inputs.length} data inputs (${names}); the data set ${name} has ${count}`,
    );
  }
  inputs.forEach((value, k) => {
    const title = `the input "${value.name}"`;
    checkFields({ title, what: 'examples', value, fieldOf: (s) => s.inputs[k] }, name, data);
  });
  checkLabels(graph, loss, name, data);
}

function checkLabels(graph: Graph, loss: LossSpec, name: string, data: Dataset): void {
  const value = labelsOf(graph, loss);
  if (value === undefined) return;
  const title = `the loss ${loss.kind}`;
  if (data.train.labels === undefined) {
    throw new CompileError(`${title} takes labels; the data set ${name} has none`);
  }
  const { limit } = value;
  const classes = data.classes.length;
  if (limit !== undefined && classes > 0 && classes !== limit) {
    throw new CompileError(`the model has ${limit} logits, but ${name} has ${classes} classes`);
  }
  const exempt = [-1, 'ignoreIndex' in loss ? loss.ignoreIndex : undefined];
  checkFields({ title, what: 'labels', value, fieldOf: (s) => s.labels, exempt }, name, data);
}

/** What the loss takes as labels, if anything. */
function labelsOf(graph: Graph, loss: LossSpec): Value | undefined {
  const [batch = BATCH] = graph.inputs[0]?.shape ?? [];
  const { nodes } = withLoss(graph, batch, loss);
  return nodes.flatMap(({ inputs }) => inputs).find(({ role }) => role === 'label');
}

function checkFields(taker: Taker, name: string, data: Dataset): void {
  for (const split of SPLITS) {
    const field = taker.fieldOf(data[split]);
    if (field === undefined) continue;
    checkShape(taker, name, field);
    checkType(taker, name, field);
    checkRange(taker, `the ${split} part of ${name}`, field);
  }
}

function checkShape({ title, what, value }: Taker, name: string, { shape }: Field): void {
  const taken = value.shape.slice(1);
  if (sameShape(taken, shape)) return;
  throw new CompileError(
    `${title} takes ${what} of shape ${formatShape(taken)}, but those of ${name} have shape ` +
      formatShape(shape),
  );
}

function checkType({ title, what, value }: Taker, name: string, { values }: Field): void {
  const given = values instanceof Int32Array ? 'i32' : 'f32';
  if (given === value.dtype) return;
  const [taken, got] =
    given === 'i32'
      ? ['floats', '32-bit integers']
      : ['32-bit integers', values instanceof Uint8Array ? 'bytes' : 'floats'];
  throw new CompileError(`${title} takes ${taken}, but the ${what} of ${name} are ${got}`);
}

function checkRange({ title, value, exempt }: Taker, part: string, field: Field): void {
  const { values, shape } = field;
  const { limit } = value;
  if (limit === undefined || !(values instanceof Int32Array)) return;
  const at = values.findIndex((id) => !(id >= 0 && id < limit) && !exempt?.includes(id));
  if (at < 0) return;
  const example = Math.floor(at / shape.reduce((a, b) => a * b, 1));
  throw new CompileError(
    `${title} takes numbers from 0 to ${limit - 1}, but example ${example} of ${part} has ${values[at]}`,
  );
}
