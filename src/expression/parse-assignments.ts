import type { Operator } from './code.js';
import {
  add,
  applied,
  average,
  constant,
  div,
  type Expression,
  mul,
  neg,
  pow,
  square,
  sub,
} from './expression.js';

/** What is wrong with a text, and where. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;

  constructor(message: string, { line, column }: Position) {
    super(`line ${line}, column ${column}: ${message}`);
    this.line = line;
    this.column = column;
  }
}

interface Position {
  line: number;
  column: number;
}

interface Token extends Position {
  kind: 'number' | 'name' | 'sign' | 'end';
  text: string;
}

/** `name = expression`. */
export interface ParsedAssignment extends Position {
  name: string;
  value: Expression;
}

type Call = (...args: Expression[]) => Expression;

const call = (op: Operator, arity: number): [string, { arity: number; make: Call }] => [
  op,
  { arity, make: (...args) => applied(op, args) },
];

const unary = [
  'abs',
  'sqrt',
  'sign',
  'exp',
  'expm1',
  'log',
  'log1p',
  'sin',
  'cos',
  'tanh',
] as const;
const functions = new Map<string, { arity: number; make: Call }>([
  ...[...unary, 'sigmoid' as const, 'erf' as const, 'floor' as const, 'round' as const].map((op) =>
    call(op, 1),
  ),
  ...(['min', 'max', 'pow', 'less', 'equal'] as const).map((op) => call(op, 2)),
  call('select', 3),
  ['square', { arity: 1, make: (x) => square(x as Expression) }],
  [
    'average',
    {
      arity: 3,
      make: (decay, mean, x) =>
        average(...([decay, mean, x] as [Expression, Expression, Expression])),
    },
  ],
]);

/** What can be called. */
export const functionNames: readonly string[] = [...functions.keys()];

/** Deeper than any formula, and far from the end of the stack. */
const MAX_DEPTH = 100;

/**
 * Reads assignments, one a line or parted by `;`, with + − * / ^, parentheses, numbers, names and calls of
 * `functionNames`. `#` begins a comment; a line goes on within parentheses and after an operator.
 *
 * @param lookUp what a name stands for there; undefined for an unknown one
 * @param assign is told each assignment before the next is read
 * @throws ExpressionError with line and column
 */
export function parseAssignments(
  text: string,
  lookUp: (name: string) => Expression | undefined,
  names: () => readonly string[],
  assign: (assignment: ParsedAssignment) => void,
): void {
  const parser = new Parser(tokens(text), lookUp, names);
  for (;;) {
    const assignment = parser.assignment();
    if (!assignment) return;
    assign(assignment);
  }
}

/** Reads one expression. @throws ExpressionError with line and column */
export function parseExpression(
  text: string,
  lookUp: (name: string) => Expression | undefined,
  names: () => readonly string[],
): Expression {
  return new Parser(tokens(text), lookUp, names).only();
}

const TOKEN =
  /(?<space>[ \t\r]+|#[^\n]*)|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_]\w*)|(?<sign>[-+*/^(),;=\n])/y;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let line = 1;
  let begin = 0;
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const position = { line, column: at - begin + 1 };
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(text)?.groups;
    if (!groups) {
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      throw new ExpressionError(`unexpected character ${JSON.stringify(character)}`, position);
    }
    const { number, name, sign } = groups;
    if (number !== undefined) found.push({ kind: 'number', text: number, ...position });
    if (name !== undefined) found.push({ kind: 'name', text: name, ...position });
    if (sign !== undefined) found.push({ kind: 'sign', text: sign, ...position });
    if (sign !== '\n') continue;
    line += 1;
    begin = at + 1;
  }
  found.push({ kind: 'end', text: 'the end', line, column: text.length - begin + 1 });
  return found;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #lookUp: (name: string) => Expression | undefined;
  readonly #names: () => readonly string[];
  #at = 0;
  /** Of parentheses and signs. */
  #depth = 0;
  /** Of parentheses alone: within them lines do not end. */
  #open = 0;

  constructor(
    all: readonly Token[],
    lookUp: (name: string) => Expression | undefined,
    names: () => readonly string[],
  ) {
    this.#tokens = all;
    this.#lookUp = lookUp;
    this.#names = names;
  }

  assignment(): ParsedAssignment | undefined {
    while (this.#skip('\n') || this.#skip(';'));
    const target = this.#peek();
    if (target.kind === 'end') return undefined;
    if (target.kind !== 'name') this.#fail('the name of what is assigned');
    this.#at += 1;
    this.#expect('=');
    this.#skipLines();
    const value = this.#sum();
    if (this.#peek().kind !== 'end' && !this.#skip('\n') && !this.#skip(';'))
      this.#fail('an operator or the end of the line');
    return { name: target.text, value, line: target.line, column: target.column };
  }

  only(): Expression {
    this.#skipLines();
    const value = this.#sum();
    this.#skipLines();
    if (this.#peek().kind !== 'end') this.#fail('an operator or the end');
    return value;
  }

  /** Terms of + are joined at once, so that scalars among them are joined once a step; as in `add`. */
  #sum(): Expression {
    let terms = [this.#product()];
    for (;;) {
      if (this.#operator('+')) terms.push(this.#product());
      else if (this.#operator('-')) terms = [sub(add(...terms), this.#product())];
      else return add(...terms);
    }
  }

  #product(): Expression {
    let factors = [this.#signed()];
    for (;;) {
      if (this.#operator('*')) factors.push(this.#signed());
      else if (this.#operator('/')) factors = [div(mul(...factors), this.#signed())];
      else return mul(...factors);
    }
  }

  #signed(): Expression {
    if (this.#operator('-')) return this.#deeper(() => neg(this.#signed()));
    if (this.#operator('+')) return this.#deeper(() => this.#signed());
    return this.#power();
  }

  #power(): Expression {
    const base = this.#atom();
    if (!this.#operator('^')) return base;
    const exponent = this.#deeper(() => this.#signed());
    const isTwo = exponent.kind === 'constant' && exponent.value === 2;
    return isTwo ? square(base) : pow(base, exponent);
  }

  #atom(): Expression {
    const token = this.#peek();
    if (token.kind === 'number') {
      this.#at += 1;
      return constant(Number(token.text));
    }
    if (token.kind === 'name') {
      this.#at += 1;
      return this.#isSign('(') ? this.#call(token) : this.#named(token);
    }
    if (!this.#isSign('(')) this.#fail('a value');
    return this.#enclosed(() => this.#sum());
  }

  #named(token: Token): Expression {
    const found = this.#lookUp(token.text);
    if (found) return found;
    const known = this.#names().join(', ');
    throw new ExpressionError(`unknown name '${token.text}'; there are ${known}`, token);
  }

  #call(token: Token): Expression {
    const known = functions.get(token.text);
    if (!known) {
      const all = functionNames.join(', ');
      throw new ExpressionError(`unknown function '${token.text}'; there are ${all}`, token);
    }
    const args = this.#enclosed(() => {
      const list = [this.#sum()];
      while (this.#operator(',')) list.push(this.#sum());
      return list;
    });
    if (args.length === known.arity) return known.make(...args);
    const wanted = `${known.arity} ${known.arity === 1 ? 'argument' : 'arguments'}`;
    throw new ExpressionError(`'${token.text}' takes ${wanted}, found ${args.length}`, token);
  }

  #enclosed<T>(inner: () => T): T {
    return this.#deeper(() => {
      this.#expect('(');
      this.#open += 1;
      this.#skipLines();
      const result = inner();
      this.#open -= 1;
      if (!this.#skip(')')) this.#fail("')'");
      if (this.#open > 0) this.#skipLines();
      return result;
    });
  }

  #deeper<T>(inner: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH)
      throw new ExpressionError(
        'nested too deeply; give a part of it a name of its own',
        this.#peek(),
      );
    const result = inner();
    this.#depth -= 1;
    return result;
  }

  /** Takes an operator, and the ends of lines that may follow it; within parentheses those before it, too. */
  #operator(text: string): boolean {
    if (this.#open > 0) this.#skipLines();
    if (!this.#skip(text)) return false;
    this.#skipLines();
    return true;
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #isSign(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'sign' && token.text === text;
  }

  #skip(text: string): boolean {
    if (!this.#isSign(text)) return false;
    this.#at += 1;
    return true;
  }

  #skipLines(): void {
    while (this.#skip('\n'));
  }

  #expect(text: string): void {
    if (!this.#skip(text)) this.#fail(`'${text}'`);
  }

  #fail(expected: string): never {
    const token = this.#peek();
    const found = token.text === '\n' ? 'the end of the line' : token.text;
    const quoted = token.kind === 'end' || token.text === '\n' ? found : `'${found}'`;
    throw new ExpressionError(`expected ${expected}, found ${quoted}`, token);
  }
}
