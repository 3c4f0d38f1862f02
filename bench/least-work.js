/** What an update of a rule must do at least, whoever does it. */
import { compileRule } from '../dist/index.js';

const FLOAT = 4;

/**
 * Bytes of parameters, gradients and states of elements that an update must read and write, a section at a time, as what
 * comes after a total over all tensors must read again; and operations of its products of matrices. Decompositions and
 * what is of rows, columns and sides are not among them.
 */
export function leastWork(optimizer, shapes) {
  const matrices = shapes.filter((shape) => shape.length > 1);
  const vectors = shapes.filter((shape) => shape.length < 2);
  const rule = compileRule(optimizer);
  if (!rule.vectors) return workOf(rule, shapes);
  const [own, others] = [workOf(rule, matrices), workOf(rule.vectors, vectors)];
  return { bytes: own.bytes + others.bytes, flops: own.flops + others.flops };
}

function workOf(rule, shapes) {
  const elements = new Set(['p', 'g', ...rule.state.flatMap((s) => (s.rank ? [] : [s.name]))]);
  const sections = rule.sections.length > 0 ? rule.sections : [{ stages: [] }];
  const arrays = sections.map(({ stages }, k) => {
    const last = k === sections.length - 1;
    const read = stages.flatMap((stage) =>
      stage.kind === 'pass' ? stage.code.inputs : stage.args,
    );
    const codes = last ? [...read, ...rule.vector.inputs] : read;
    const written = last ? rule.vector.outputs.length : 0;
    return (
      codes.filter((name, i) => elements.has(name) && codes.indexOf(name) === i).length + written
    );
  });
  const count = shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const stages = sections
    .flatMap((section) => section.stages)
    .filter(({ kind }) => kind === 'matrix');
  const flops = shapes.map((shape) =>
    stages.reduce((sum, stage) => sum + productFlops(rule, stage, shape), 0),
  );
  return {
    bytes: FLOAT * count * arrays.reduce((a, b) => a + b, 0),
    flops: flops.reduce((a, b) => a + b, 0),
  };
}

const matrixOf = ([first, ...rest]) =>
  rest.length > 0 ? [first, rest.reduce((a, b) => a * b, 1)] : [1, first];

/** Of every step: what is not computed in each is none of them. */
function productFlops(rule, { op, args, transposed, numbers, when }, shape) {
  if (when) return 0;
  const [rows, columns] = matrixOf(shape);
  const axes = shape.filter((length) => length > 1);
  if (op === 'gram' || op === 'along')
    return 2 * rows * columns * axes.reduce((sum, length) => sum + length, 0);
  if (op === 'orthogonalize') {
    const [short, long] = [Math.min(rows, columns), Math.max(rows, columns)];
    const steps = numbers[3];
    return steps * (4 * short * short * long + 2 * short ** 3);
  }
  if (op !== 'matmul') return 0;
  const sides = { element: [rows, columns], left: [rows, rows], right: [columns, columns] };
  const [[m, k], [, n]] = args.map((name, i) => {
    const side = sides[rankOf(rule, name)];
    return transposed[i] ? side.toReversed() : side;
  });
  return 2 * m * k * n;
}

function rankOf(rule, name) {
  const values = rule.sections.flatMap((section) => section.values);
  return [...values, ...rule.state].find((value) => value.name === name)?.rank ?? 'element';
}
