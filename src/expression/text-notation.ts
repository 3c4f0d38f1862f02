import type { Expression } from './expression.js';
import type { Notation } from './notation.js';

/** How tightly operators bind in the language of `parseAssignments`. */
const tightness = { sum: 1, product: 2, signed: 3, atom: 4 } as const;

interface Piece {
  text: string;
  tightness: number;
}

/** Expressions as `parseAssignments` reads them: what it makes of a text written here is the same expression. */
export const textNotation: Notation = {
  symbol: (name) => name,
  prime: (symbol) => `next_${symbol}`,
  assign: (left, right) => `${left} = ${right}`,
  define: (left, right) => `${left} = ${right}`,
  expression: (expression, names) => write(expression, names).text,
};

function write(expression: Expression, names: ReadonlyMap<Expression, string>): Piece {
  const known = names.get(expression);
  if (known !== undefined) return { text: known, tightness: tightness.atom };
  switch (expression.kind) {
    case 'constant':
      return number(expression.value);
    case 'input':
      return { text: expression.name, tightness: tightness.atom };
    case 'named':
      return write(expression.value, names);
    case 'apply':
      return operation(expression, names);
    default:
      throw new TypeError('only what is computed element by element can be written as text');
  }
}

function number(value: number): Piece {
  if (Number.isFinite(value)) {
    const isNegative = value < 0 || Object.is(value, -0);
    return {
      text: Object.is(value, -0) ? '-0' : `${value}`,
      tightness: isNegative ? tightness.signed : tightness.atom,
    };
  }
  if (Number.isNaN(value)) return { text: '0 / 0', tightness: tightness.product };
  return { text: value > 0 ? '1 / 0' : '-1 / 0', tightness: tightness.product };
}

function operation(
  { op, args }: Extract<Expression, { kind: 'apply' }>,
  names: ReadonlyMap<Expression, string>,
): Piece {
  const pieces = args.map((arg) => write(arg, names));
  const [a = { text: '', tightness: 0 }, b = a] = pieces;
  const enclose = (piece: Piece, least: number) =>
    piece.tightness >= least ? piece.text : `(${piece.text})`;
  /** Whether the first argument is written with the same sign, whose terms would be joined in another order. */
  const [first] = args;
  const repeats = first?.kind === 'apply' && first.op === op && !names.has(first);
  const chain = (sign: string, level: number): Piece => ({
    text: `${enclose(a, repeats && sign !== '-' && sign !== '/' ? level + 1 : level)} ${sign} ${enclose(b, level + 1)}`,
    tightness: level,
  });
  switch (op) {
    case 'add':
      return chain('+', tightness.sum);
    case 'sub':
      return chain('-', tightness.sum);
    case 'mul':
      if (args[0] === args[1])
        return { text: `${enclose(a, tightness.atom)}^2`, tightness: tightness.signed };
      return chain('*', tightness.product);
    case 'div':
      return chain('/', tightness.product);
    case 'neg':
      return { text: `-${enclose(a, tightness.signed)}`, tightness: tightness.signed };
    case 'pow': {
      const [, exponent] = args;
      const isTwo = exponent?.kind === 'constant' && exponent.value === 2;
      if (isTwo) break;
      return {
        text: `${enclose(a, tightness.atom)}^${enclose(b, tightness.atom)}`,
        tightness: tightness.signed,
      };
    }
    default:
      break;
  }
  const list = pieces.map(({ text }) => text).join(', ');
  return { text: `${op}(${list})`, tightness: tightness.atom };
}
