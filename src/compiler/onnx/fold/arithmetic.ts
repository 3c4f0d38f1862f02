import { CompileError } from '../../compile-error.js';
import { type Dimension, divide, formatDimension, multiply } from '../../dimension.js';
import { broadcast } from '../../ops/broadcast.js';
import type { ElementKind } from '../element-types.js';
import { type Item, isRow, Known, type Row } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Folders } from './folder.js';
import { type Relation, relate } from './relation.js';

/** `undefined` where the result is no number and no multiple of the batch size. */
type Binary = (a: Dimension, b: Dimension) => Dimension | undefined;

/** The same of integers that grow with the place along the batch; numbers are rows that do not. */
type OfRows = (a: Row, b: Row) => Row | undefined;

/** Arithmetic of integers and logic. Floats are left to the references of the ops, but for comparisons. */
export const arithmetic: Folders = {
  Add: ofIntegers(plus, (a, b) => ({ row: a.row + b.row, plus: a.plus + b.plus })),
  Sub: ofIntegers(
    (a, b) => plus(a, multiply(b, -1)),
    (a, b) => ({ row: a.row - b.row, plus: a.plus - b.plus }),
  ),
  Mul: ofIntegers(multiply, (a, b) => (b.row === 0 ? scaled(a, b) : scaled(b, a))),
  Div: ofIntegers(nonZero(quotient)),
  Mod: (n) => {
    const operation = n.int('fmod', 0) === 0 ? modulo : remainder;
    return elementwise(n, isInteger(n) ? nonZero(operation) : operation, n.known(0).type);
  },
  Pow: ofIntegers(onNumbers((a, b) => a ** b)),
  Max: ofIntegers((a, b) => (relate(a, b).less ? (relate(a, b).greater ? undefined : b) : a)),
  Min: ofIntegers((a, b) => (relate(a, b).greater ? (relate(a, b).less ? undefined : b) : a)),
  Neg: ofInteger((a) => multiply(a, -1)),
  Abs: ofInteger((a) => (relate(a, 0).less ? multiply(a, -1) : a)),
  Sign: ofInteger((a) => (relate(a, 0).less ? -1 : relate(a, 0).greater ? 1 : 0)),
  Floor: ofFloat(Math.floor),
  Ceil: ofFloat(Math.ceil),
  Round: ofFloat(roundHalfToEven),
  IsNaN: ofFloat((a) => Number(Number.isNaN(a)), 'bool'),
  Equal: comparison(['equal'], ['less', 'greater']),
  Less: comparison(['less'], ['equal', 'greater']),
  LessOrEqual: comparison(['less', 'equal'], ['greater']),
  Greater: comparison(['greater'], ['less', 'equal']),
  GreaterOrEqual: comparison(['greater', 'equal'], ['less']),
  And: logic((a, b) => a !== 0 && b !== 0),
  Or: logic((a, b) => a !== 0 || b !== 0),
  Xor: logic((a, b) => (a !== 0) !== (b !== 0)),
  BitwiseAnd: bits((a, b) => a & b),
  BitwiseNot: (n) => map(n.known(0), 'int', (a) => ~(a as number)),
  BitwiseOr: bits((a, b) => a | b),
  BitwiseXor: bits((a, b) => a ^ b),
  Not: (n) => map(n.known(0), 'bool', (a) => Number(a === 0)),
  Where: (n) => {
    const [condition, a, b] = [n.known(0), n.known(1), n.known(2)];
    const shape = broadcast(broadcast(condition.shape, a.shape), b.shape);
    return Known.build(a.type, shape, (position) =>
      condition.at(position) === 0 ? b.at(position) : a.at(position),
    );
  },
};

/** `undefined` where it would grow with the square of the place. */
function scaled({ row, plus }: Row, by: Row): Row | undefined {
  return by.row === 0 ? { row: row * by.plus, plus: plus * by.plus } : undefined;
}

function ofIntegers(operation: Binary, onRows?: OfRows) {
  return (n: NodeReader) => (isInteger(n) ? elementwise(n, operation, 'int', onRows) : undefined);
}

function ofInteger(operation: (a: Dimension) => Dimension) {
  return (n: NodeReader) => (isInteger(n) ? map(n.known(0), 'int', operation) : undefined);
}

const isInteger = (n: NodeReader) => n.known(0).type === 'int';

function ofFloat(operation: (a: number) => number, type: ElementKind = 'float') {
  return (n: NodeReader) => map(n.known(0), type, (a) => operation(a as number));
}

/** Undecided while the items may stand in relations of both kinds, depending on the batch size. */
function comparison(holds: readonly (keyof Relation)[], fails: readonly (keyof Relation)[]) {
  return (n: NodeReader) =>
    elementwise(
      n,
      (a, b) => {
        const relation = relate(a, b);
        const yes = holds.some((key) => relation[key]);
        return yes && fails.some((key) => relation[key]) ? undefined : Number(yes);
      },
      'bool',
    );
}

/** Of integers of 32 bits. */
function bits(operation: (a: number, b: number) => number) {
  return (n: NodeReader) => elementwise(n, onNumbers(operation), 'int');
}

function logic(operation: (a: Dimension, b: Dimension) => boolean) {
  return (n: NodeReader) => elementwise(n, (a, b) => Number(operation(a, b)), 'bool');
}

function map(known: Known, type: ElementKind, operation: (a: Dimension) => Dimension): Known {
  return new Known(type, known.shape, known.integers.map(operation));
}

/** With NumPy's broadcasting; further inputs are combined from the left. */
function elementwise(n: NodeReader, operation: Binary, type: ElementKind, onRows?: OfRows): Known {
  let result = n.known(0);
  for (let k = 1; n.has(k); k++) result = combine(result, n.known(k), operation, type, onRows);
  return result;
}

function combine(a: Known, b: Known, operation: Binary, type: ElementKind, onRows?: OfRows): Known {
  const shape = broadcast(a.shape, b.shape);
  const compute = (x: Item, y: Item): Item | undefined => {
    if (!isRow(x) && !isRow(y)) return operation(x, y);
    const [rowX, rowY] = [asRow(x), asRow(y)];
    const row = rowX && rowY && onRows?.(rowX, rowY);
    return row?.row === 0 ? row.plus : row;
  };
  const build = () =>
    Known.build(type, shape, (position) => {
      const [x, y] = [a.at(position), b.at(position)];
      const result = compute(x, y);
      if (result !== undefined) return result;
      throw new CompileError(`what it gives for ${format(x)} and ${format(y)} ${DEPENDS}`);
    });
  // Of what differs along the batch often the shape alone is read.
  return a.hasRows || b.hasRows ? new Known(type, shape, () => build().items) : build();
}

const DEPENDS = 'depends on the batch size N or the place along the batch';

const asRow = (item: Item): Row | undefined => {
  if (typeof item === 'number') return { row: 0, plus: item };
  return isRow(item) ? item : undefined;
};

const format = (item: Item): string =>
  isRow(item) ? `${item.row}·place + ${item.plus}` : formatDimension(item);

function plus(a: Dimension, b: Dimension): Dimension | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  if (typeof a === 'number' || typeof b === 'number') return undefined;
  const batch = a.batch + b.batch;
  return batch === 0 ? 0 : { batch };
}

function nonZero(operation: Binary): Binary {
  return (a, b) => {
    if (b === 0) throw new CompileError('an integer is divided by 0');
    return operation(a, b);
  };
}

/** ONNX rounds quotients of integers toward zero. */
function quotient(a: Dimension, b: Dimension): Dimension | undefined {
  if (typeof a === 'number' && typeof b === 'number') return Math.trunc(a / b);
  return divide(a, b);
}

/** The sign follows the divisor, as in Python. */
function modulo(a: Dimension, b: Dimension): Dimension | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b * Math.floor(a / b);
  return divide(a, b) === undefined ? undefined : 0;
}

const remainder: Binary = onNumbers((a, b) => a % b);

function onNumbers(operation: (a: number, b: number) => number): Binary {
  return (a, b) => (typeof a === 'number' && typeof b === 'number' ? operation(a, b) : undefined);
}

function roundHalfToEven(a: number): number {
  const down = Math.floor(a);
  if (a - down !== 0.5) return Math.round(a);
  return down % 2 === 0 ? down : down + 1;
}
