import type { Operator } from './code.js';
import type { Expression, Rank } from './expression.js';

/** A way of writing expressions. */
export interface Notation {
  symbol(name: string): string;
  prime(symbol: string): string;
  assign(left: string, right: string): string;
  define(left: string, right: string): string;
  /** `names` are subexpressions that have a name already. */
  expression(expression: Expression, names: ReadonlyMap<Expression, string>): string;
}

/** How tightly a piece of a formula holds together. */
const tightness = { sum: 1, quotient: 2, product: 3, root: 4, atom: 5 } as const;

interface Piece {
  text: string;
  tightness: number;
}

/** What differs between plain text and LaTeX. */
interface Style {
  symbol(name: string): string;
  number(value: number): string;
  parentheses(text: string): string;
  minus: string;
  times: string;
  /** Between factors that no sign separates. */
  beside: string;
  fraction(a: Piece, b: Piece): Piece;
  root(x: Piece): Piece;
  power(base: string, exponent: Piece): string;
  call(name: string, args: readonly string[]): string;
  choice(condition: string, positive: string, otherwise: string): Piece;
  absolute(x: string): string;
  norm(x: string): string;
  transpose(x: string): string;
  arrow: string;
  prime: string;
}

/** Signs: LaTeX's commands, and the characters. */
const signs: Record<string, string> = {
  alpha: 'α',
  beta: 'β',
  gamma: 'γ',
  delta: 'δ',
  epsilon: 'ε',
  eta: 'η',
  kappa: 'κ',
  lambda: 'λ',
  mu: 'μ',
  nu: 'ν',
  pi: 'π',
  rho: 'ρ',
  sigma: 'σ',
  tau: 'τ',
  theta: 'θ',
  phi: 'φ',
  psi: 'ψ',
  omega: 'ω',
  'hat{g}': 'ĝ',
};

/** The names every rule shares. */
const conventional: Record<string, string> = { p: 'theta', lr: 'alpha', g_sampled: 'hat{g}' };

/** `beta1` → ['beta', '1'], `mu_next` → ['mu', 'next']; other words with `_` stay whole. */
function splitName(name: string): [base: string, index: string] {
  const usual = conventional[name];
  if (usual !== undefined) return [usual, ''];
  const [, stem = name, digits, word = ''] = /^([A-Za-z]+)(?:(\d+)|_(\w+))$/.exec(name) ?? [];
  const base = conventional[stem] ?? stem;
  if (digits !== undefined) return [base, digits];
  return base in signs || word === '' ? [base, word] : [name, ''];
}

const enclose = (style: Style, piece: Piece, least: number): string =>
  piece.tightness >= least ? piece.text : style.parentheses(piece.text);

function render(
  style: Style,
  expression: Expression,
  names: ReadonlyMap<Expression, string>,
): Piece {
  const known = names.get(expression);
  if (known) return { text: known, tightness: tightness.atom };
  switch (expression.kind) {
    case 'constant':
      return number(style, expression.value);
    case 'input':
      return { text: style.symbol(expression.name), tightness: tightness.atom };
    case 'named':
      return { text: style.symbol(expression.name), tightness: tightness.atom };
    case 'apply':
      return application(style, expression.op, expression.args, names);
    case 'sum':
      return reduction(style, expression, names);
    case 'matrix':
      return matrixFunction(style, expression, names);
  }
}

const sumNames: Partial<Record<Rank, string>> = {
  scalar: 'total',
  tensor: 'sum',
  row: 'row_sums',
  column: 'column_sums',
};

function reduction(
  style: Style,
  { rank, args: [of] }: Expression & { kind: 'sum' },
  names: ReadonlyMap<Expression, string>,
): Piece {
  const text = style.call(sumNames[rank] ?? 'sum', [render(style, of, names).text]);
  return { text, tightness: tightness.atom };
}

const halves = <T>(items: readonly T[], at: number) =>
  [items.slice(0, at), items.slice(at)] as const;

function matrixFunction(
  style: Style,
  expression: Expression & { kind: 'matrix' },
  names: ReadonlyMap<Expression, string>,
): Piece {
  const { op, transposed, conditional } = expression;
  const [pieces, [condition, otherwise]] = halves(
    expression.args.map((arg) => render(style, arg, names)),
    transposed.length,
  );
  if (conditional && condition && otherwise) {
    const args = expression.args.slice(0, transposed.length);
    const fresh = matrixFunction(style, { ...expression, args, conditional: false }, names);
    return style.choice(condition.text, fresh.text, otherwise.text);
  }
  if (op === 'inverse_root') {
    const base = style.parentheses(`${pieces[0]?.text} + ${pieces[1]?.text}${style.beside}I`);
    const order = `${expression.numbers[0]}`;
    const whole =
      expression.rank === 'axes' ? `(${order}${style.beside}${style.symbol('axes')})` : order;
    const exponent = { text: `${style.minus}1/${whole}`, tightness: tightness.sum };
    return { text: style.power(base, exponent), tightness: tightness.root };
  }
  if (op !== 'matmul') {
    const texts = pieces.map(({ text }) => text);
    return { text: style.call(op, texts), tightness: tightness.atom };
  }
  const factors = pieces.map((piece, k) => {
    const atom = enclose(style, piece, transposed[k] ? tightness.atom : tightness.product);
    return transposed[k] ? style.transpose(atom) : atom;
  });
  return { text: factors.join(style.beside), tightness: tightness.product };
}

/** What x is when an expression is √sum(x²). */
function normOf(root: Expression | undefined): Expression | undefined {
  if (root?.kind !== 'sum' || root.rank !== 'tensor') return undefined;
  const [of] = root.args;
  if (of.kind !== 'apply' || of.op !== 'mul' || of.args[0] !== of.args[1]) return undefined;
  return of.args[0];
}

function number(style: Style, value: number): Piece {
  const size = Math.abs(value);
  const text = size === Math.PI ? style.symbol('pi') : style.number(size);
  if (value >= 0) return { text, tightness: tightness.atom };
  return { text: `${style.minus}${text}`, tightness: tightness.sum };
}

function application(
  style: Style,
  op: Operator,
  args: readonly Expression[],
  names: ReadonlyMap<Expression, string>,
): Piece {
  const pieces = args.map((arg) => render(style, arg, names));
  const [a = { text: '', tightness: 0 }, b = a, c = b] = pieces;
  const { sum, product, atom, root } = tightness;
  const joined = (left: string, by: string, right: string) => `${left} ${by} ${right}`;
  switch (op) {
    case 'add':
      return { text: joined(enclose(style, a, sum), '+', enclose(style, b, sum)), tightness: sum };
    case 'sub':
      return {
        text: joined(enclose(style, a, sum), style.minus, enclose(style, b, sum + 1)),
        tightness: sum,
      };
    case 'mul': {
      if (args[0] === args[1])
        return {
          text: style.power(enclose(style, a, atom), { text: '2', tightness: atom }),
          tightness: atom,
        };
      const factors = [enclose(style, a, product), enclose(style, b, product)];
      const isNumber = args.some(({ kind }) => kind === 'constant');
      return {
        text: factors.join(isNumber ? ` ${style.times} ` : style.beside),
        tightness: product,
      };
    }
    case 'div':
      return style.fraction(a, b);
    case 'neg':
      return { text: `${style.minus}${enclose(style, a, product)}`, tightness: sum };
    case 'pow':
      return { text: style.power(enclose(style, a, atom), b), tightness: root };
    case 'sqrt': {
      const normed = normOf(args[0]);
      if (!normed) return style.root(a);
      return { text: style.norm(render(style, normed, names).text), tightness: atom };
    }
    case 'abs':
      return { text: style.absolute(a.text), tightness: atom };
    case 'select':
      return style.choice(a.text, b.text, c.text);
    default:
      return {
        text: style.call(
          op,
          pieces.map(({ text }) => text),
        ),
        tightness: atom,
      };
  }
}

function notation(style: Style): Notation {
  return {
    symbol: style.symbol,
    prime: (symbol) => `${symbol}${style.prime}`,
    assign: (left, right) => `${left} ${style.arrow} ${right}`,
    define: (left, right) => `${left} = ${right}`,
    expression: (expression, names) => render(style, expression, names).text,
  };
}

const subscripts = '₀₁₂₃₄₅₆₇₈₉';

/** Unicode text for terminals and comments. */
const plainStyle: Style = {
  symbol: (name) => {
    const [base, index] = splitName(name);
    const letter = signs[base] ?? base;
    if (/^\d+$/.test(index))
      return letter + index.replace(/\d/g, (digit) => subscripts[Number(digit)] ?? '');
    return index ? `${letter}_${index}` : letter;
  },
  // Twelve digits hide the rounding of constants that were computed.
  number: (value) => `${Number(value.toPrecision(12))}`,
  parentheses: (text) => `(${text})`,
  minus: '−',
  times: '·',
  beside: ' ',
  fraction: (a, b) => ({
    text: `${enclose(plainStyle, a, tightness.product)} / ${enclose(plainStyle, b, tightness.root)}`,
    tightness: tightness.quotient,
  }),
  root: (x) => ({ text: `√${enclose(plainStyle, x, tightness.atom)}`, tightness: tightness.root }),
  power: (base, exponent) =>
    exponent.text === '2' ? `${base}²` : `${base}^${enclose(plainStyle, exponent, tightness.atom)}`,
  call: (name, args) => `${name}(${args.join(', ')})`,
  choice: (condition, positive, otherwise) => ({
    text: `${positive} if ${condition} > 0 else ${otherwise}`,
    tightness: 0,
  }),
  absolute: (x) => `|${x}|`,
  norm: (x) => `‖${x}‖`,
  transpose: (x) => `${x}ᵀ`,
  arrow: '←',
  prime: '′',
};

const latexWord = (word: string) => `\\text{${word.replaceAll('_', '\\_')}}`;

const latexStyle: Style = {
  symbol: (name) => {
    const [base, index] = splitName(name);
    const letter = base in signs ? `\\${base}` : base.length > 1 ? latexWord(base) : base;
    if (!index) return letter;
    return `${letter}_{${/^(\d+|.)$/.test(index) ? index : latexWord(index)}}`;
  },
  number: (value) => {
    const [mantissa = '', exponent] = `${value}`.split('e');
    if (exponent === undefined) return Number.isFinite(value) ? mantissa : '\\infty';
    return `${mantissa === '1' ? '' : `${mantissa} \\cdot `}10^{${Number(exponent)}}`;
  },
  parentheses: (text) => `\\left(${text}\\right)`,
  minus: '-',
  times: '\\cdot',
  beside: ' \\, ',
  fraction: (a, b) => ({ text: `\\frac{${a.text}}{${b.text}}`, tightness: tightness.product }),
  root: (x) => ({ text: `\\sqrt{${x.text}}`, tightness: tightness.root }),
  power: (base, exponent) => `${base}^{${exponent.text}}`,
  call: (name, args) =>
    `\\operatorname{${name.replaceAll('_', '\\_')}}\\left(${args.join(', ')}\\right)`,
  choice: (condition, positive, otherwise) => ({
    text: `\\begin{cases}${positive} & ${condition} > 0 \\\\ ${otherwise} & \\text{else}\\end{cases}`,
    tightness: tightness.product,
  }),
  absolute: (x) => `\\left|${x}\\right|`,
  norm: (x) => `\\left\\|${x}\\right\\|`,
  transpose: (x) => `${x}^{\\top}`,
  arrow: '\\leftarrow',
  prime: "'",
};

export const plain = notation(plainStyle);
export const latex = notation(latexStyle);
