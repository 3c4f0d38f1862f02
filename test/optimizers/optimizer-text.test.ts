import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operator } from '../../src/expression/code.js';
import { applied, constant, type Expression, input } from '../../src/expression/expression.js';
import {
  compileRule,
  ExpressionError,
  getOptimizer,
  lookahead,
  type OptimizerText,
  optimizers,
  parseOptimizer,
  ruleName,
  swa,
  writeOptimizer,
} from '../../src/optimizers/index.js';

const adam = getOptimizer('adam');

/** All of a compiled rule but its name. */
const code = (optimizer: Parameters<typeof compileRule>[0]) => ({
  ...compileRule(optimizer),
  name: '',
});

const text: OptimizerText = {
  name: 'mine',
  hyperparameters: writeOptimizer(adam).hyperparameters,
  state: { m: 0, v: 0 },
  rule: `
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g^2     # a comment
    b = sqrt(1 - beta2^(t + 1)) /
        (1 - beta1^(t + 1))
    p = p - lr * b * m / (
      sqrt(v) + epsilon
    )`,
};

const elementwise = optimizers.filter((optimizer) => compileRule(optimizer).sections.length === 0);

describe('a rule as text', () => {
  it('is the same code as in TypeScript', () => {
    expect(code(parseOptimizer(text))).toEqual(code(adam));
  });

  it.each([
    ...elementwise.map((optimizer) => [ruleName(optimizer), optimizer] as const),
    ['wrapped', swa(lookahead(getOptimizer('lion')))] as const,
  ])('%s goes through text and back', (_, optimizer) => {
    const written = JSON.parse(JSON.stringify(writeOptimizer(optimizer)));
    const read = parseOptimizer(written);
    expect(code(read)).toEqual(code(optimizer));
    expect(read.hyperparameters).toEqual(optimizer.hyperparameters);
    expect(writeOptimizer(read)).toEqual(written);
  });

  it('reads names as their latest values', () => {
    const rule = 'p = p - m; m = g; p = 2 * p - m';
    const once = parseOptimizer({ name: 'x', state: { m: 0 }, rule: 'p = 2 * (p - m) - g; m = g' });
    expect(code(parseOptimizer({ name: 'x', state: { m: 0 }, rule }))).toEqual(code(once));
  });

  it.each([
    ['p = p - lr * gg', 'line 1, column 14: unknown name'],
    ['p = p -\n lr * sqr(g)', "line 2, column 7: unknown function 'sqr'; there are abs"],
    ['p = p - sqrt(g, g)', "line 1, column 9: 'sqrt' takes 1 argument, found 2"],
    ['p = (p - g', "line 1, column 11: expected ')', found the end"],
    ['p = p - g g', "line 1, column 11: expected an operator or the end of the line, found 'g'"],
    ['p = p * ', 'line 1, column 9: expected a value, found the end'],
    ['p p', "line 1, column 3: expected '=', found 'p'"],
    ['= p', "line 1, column 1: expected the name of what is assigned, found '='"],
    ['p = 2 $ 3', 'line 1, column 7: unexpected character "$"'],
    ['p = p\ng = p', "line 2, column 1: 'g' is given and cannot be assigned"],
    ['p = p\nb = p; b = g', "line 2, column 8: 'b' is assigned twice; take another name"],
    ['x = p', "line 1, column 1: 'p' is never assigned"],
  ])('%s', (rule, message) => {
    expect(() => parseOptimizer({ name: 'x', rule })).toThrow(message);
  });

  it.each(['(', '-', 'g^', 'sqrt('])('%s a thousand times is nested too deeply', (piece) => {
    const rule = `p = ${piece.repeat(1000)}p`;
    expect(() => parseOptimizer({ name: 'x', rule })).toThrow('nested too deeply');
  });

  it('never fails but with a position', () => {
    const piece = fc.constantFrom(
      ...[
        'p',
        'g',
        'm',
        'lr',
        't',
        'x',
        '=',
        '+',
        '-',
        '*',
        '/',
        '^',
        '(',
        ')',
        ',',
        ';',
        '\n',
        ' ',
        '#',
      ],
      ...['1', '2.5', '1e9', '.5', 'sqrt', 'min', 'select', 'average', '√', '"', '\u0000', '🙂'],
    );
    const texts = fc.oneof(
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary', maxLength: 60 }),
    );
    fc.assert(
      fc.property(texts, (rule) => {
        try {
          compileRule(parseOptimizer({ name: 'x', state: { m: 0 }, rule }));
        } catch (error) {
          if (!(error instanceof ExpressionError)) throw error;
          const lines = rule.split('\n');
          expect(error.line).toBeLessThanOrEqual(lines.length);
          expect(error.column).toBeLessThanOrEqual((lines[error.line - 1]?.length ?? 0) + 1);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const arity = new Map<Operator, number>([
  ...(['neg', 'abs', 'sqrt', 'sign', 'exp', 'log', 'tanh', 'floor'] as const).map(
    (op): [Operator, number] => [op, 1],
  ),
  ...(['add', 'sub', 'mul', 'div', 'pow', 'min', 'max', 'less', 'equal'] as const).map(
    (op): [Operator, number] => [op, 2],
  ),
  ['select', 3],
]);

/** Expressions whose parts are shared at random. */
const expressions = fc
  .array(
    fc.record({
      op: fc.constantFrom(...arity.keys()),
      args: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
      value: fc.oneof(fc.constantFrom(0, -0, 1, 2, -1, 1e-30), fc.double()),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((steps) => {
    const known: Expression[] = [
      input('p', 'element'),
      input('g', 'element'),
      input('m', 'element'),
      input('lr', 'scalar'),
      input('t', 'scalar'),
    ];
    for (const { op, args, value } of steps) {
      const chosen = args.slice(0, arity.get(op)).map((k) => {
        const at = k % (known.length + 1);
        return known[at] ?? constant(value);
      });
      known.push(applied(op, chosen));
    }
    return known;
  });

it('any expressions go through text and back', () => {
  fc.assert(
    fc.property(expressions, fc.nat(), (known, k) => {
      const optimizer = {
        ...getOptimizer('sgd'),
        next: known.at(-1) as Expression,
        state: [
          {
            name: 'm',
            rank: 'element' as const,
            init: 0,
            next: known[k % known.length] as Expression,
          },
        ],
      };
      // The fingerprint tells one NaN from another.
      expect({ ...code(parseOptimizer(writeOptimizer(optimizer))), fingerprint: '' }).toEqual({
        ...code(optimizer),
        fingerprint: '',
      });
    }),
    { numRuns: 500 },
  );
});
