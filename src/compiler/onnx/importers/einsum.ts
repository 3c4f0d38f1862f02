import { CompileError } from '../../compile-error.js';
import { type Dimension, elements, fixed, sameDimension } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';
import { pick } from './picking.js';

/** A tensor with a letter for each axis. */
interface Term {
  x: Value;
  letters: readonly string[];
}

/** Sums of products over named axes, two operands at a time, as products of matrices. */
export const einsum: Importers = {
  Einsum(n) {
    const { operands, output } = termsOf(n);
    const [first, ...others] = operands.map((term) => withoutDiagonals(n, term));
    if (first === undefined) throw new CompileError('it has no operands');
    const product = others.reduce((a, b, k) => {
      const later = [output, ...others.slice(k + 1).map(({ letters }) => letters)].flat();
      return multiplied(n, a, b, new Set(later));
    }, first);
    return ordered(n, summed(n, product, new Set(output)), output).x;
  },
};

/** The operands and the letters of the result; those that an ellipsis stands for are numbers. */
function termsOf(n: NodeReader): { operands: Term[]; output: string[] } {
  const equation = n.string('equation', '').replaceAll(' ', '');
  const [left = '', right] = equation.split('->');
  const parts = left.split(',');
  if (parts.length !== n.inputCount || !/^[a-zA-Z.,]*(->[a-zA-Z.]*)?$/.test(equation)) {
    throw new CompileError(`the equation "${equation}" does not fit ${n.inputCount} operands`);
  }
  const tensors = parts.map((_, k) => n.tensor(k));
  const extras = parts.map(
    (part, k) => at(tensors, k).shape.length - part.replace('...', '').length,
  );
  const hidden = Math.max(0, ...extras.filter((_, k) => parts[k]?.includes('...')));
  const spelled = (part: string, count: number) =>
    part
      .replace('...', () => '~'.repeat(count))
      .split('')
      .map((letter, k, all) => {
        if (letter !== '~') return letter;
        const place = all.slice(0, k).filter((other) => other === '~').length;
        return String(hidden - count + place);
      });
  const operands = parts.map((part, k): Term => {
    const x = at(tensors, k);
    const letters = spelled(part, part.includes('...') ? at(extras, k) : 0);
    if (letters.length === x.shape.length) return { x, letters };
    throw new CompileError(`"${part}" does not name the ${x.shape.length} axes of operand ${k}`);
  });
  return {
    operands,
    output: right === undefined ? implicit(left, hidden) : spelled(right, hidden),
  };
}

/** Without a result the equation means the letters that occur once, in their order, after an ellipsis. */
function implicit(left: string, hidden: number): string[] {
  const letters = left.replace(/[.,]/g, '').split('');
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return [...Array.from({ length: hidden }, (_, k) => String(k)), ...once.toSorted()];
}

/** Of axes with the same letter the diagonal. */
function withoutDiagonals(n: NodeReader, term: Term): Term {
  const { x, letters } = term;
  const second = letters.findIndex((letter, k) => letters.indexOf(letter) < k);
  if (second < 0) return term;
  const first = letters.indexOf(at(letters, second));
  const length = fixed(x.shape[first], 'the length of a diagonal');
  const rest = letters.filter((_, k) => k !== first && k !== second);
  const name = at(letters, first);
  const turned = turn(n, { x, letters: letters.with(second, `${name}'`) }, [
    name,
    `${name}'`,
    ...rest,
  ]);
  const flat = n.reshape(turned.x, [length * length, ...turned.x.shape.slice(2)]);
  const places = Array.from({ length }, (_, k) => k * (length + 1));
  const diagonal = pick(n, flat, 0, Known.vector(places));
  return withoutDiagonals(n, { x: diagonal, letters: [name, ...rest] });
}

function multiplied(n: NodeReader, left: Term, right: Term, kept: ReadonlySet<string>): Term {
  const a = summed(n, left, new Set([...kept, ...right.letters]));
  const b = summed(n, right, new Set([...kept, ...left.letters]));
  const shared = a.letters.filter((letter) => b.letters.includes(letter));
  const stacks = shared.filter((letter) => kept.has(letter));
  const inner = shared.filter((letter) => !kept.has(letter));
  const rows = a.letters.filter((letter) => !shared.includes(letter));
  const columns = b.letters.filter((letter) => !shared.includes(letter));
  const sizes = new Map<string, Dimension>();
  for (const { x, letters } of [b, a]) {
    letters.forEach((letter, k) => {
      const length = at(x.shape, k);
      if (sizes.get(letter) === undefined || sizes.get(letter) === 1) sizes.set(letter, length);
      const known = at([sizes.get(letter)], 0);
      if (length === 1 || sameDimension(known, length)) return;
      throw new CompileError(`the axes named "${letter}" have different lengths`);
    });
  }
  const lengths = (letters: readonly string[]) => letters.map((l) => at([sizes.get(l)], 0));
  const matrices = ({ x, letters }: Term, order: readonly string[], apart: readonly string[][]) => {
    const full = n.expand(turn(n, { x, letters }, order).x, lengths(order));
    const stack = stacks.length > 0 ? [elements(lengths(stacks))] : [];
    return n.reshape(full, [...stack, ...apart.map((group) => elements(lengths(group)))]);
  };
  const y = n.emit(
    'matmul',
    [
      matrices(a, [...stacks, ...rows, ...inner], [rows, inner]),
      matrices(b, [...stacks, ...inner, ...columns], [inner, columns]),
    ],
    { transpose_a: false, transpose_b: false, alpha: 1 },
  );
  const letters = [...stacks, ...rows, ...columns];
  return { x: n.reshape(y, lengths(letters)), letters };
}

/** Summed over the axes that nothing else names. */
function summed(n: NodeReader, { x, letters }: Term, kept: ReadonlySet<string>): Term {
  const axes = letters.flatMap((letter, k) => (kept.has(letter) ? [] : [k]));
  if (axes.length === 0) return { x, letters };
  const sum = n.emit('reduce_sum', [x], { axes, keepdims: false });
  return { x: sum, letters: letters.filter((letter) => kept.has(letter)) };
}

function ordered(n: NodeReader, term: Term, order: readonly string[]): Term {
  if (order.every((letter) => term.letters.includes(letter))) return turn(n, term, order);
  throw new CompileError(`the result names an axis that no operand has: "${order.join('')}"`);
}

/** With its axes in another order. */
function turn(n: NodeReader, { x, letters }: Term, order: readonly string[]): Term {
  const perm = order.map((letter) => letters.indexOf(letter));
  const isSame = perm.every((from, k) => from === k);
  return isSame ? { x, letters } : { x: n.emit('transpose', [x], { perm }), letters: order };
}
