import type { Code, Instruction, Operand } from './code.js';
import { type Expression, unnamed } from './expression.js';

/** Turns expressions into straight-line code, computing equal subexpressions once. */
export class CodeBuilder {
  readonly #inputs: string[];
  readonly #instructions: Instruction[] = [];
  readonly #outputs: Code['outputs'] = [];
  readonly #known = new Map<string, Operand>();
  readonly #visited = new Map<Expression, Operand>();
  readonly #hoist: ((expression: Expression) => string) | undefined;

  /** `hoist` takes over scalar expressions and returns the name of the input that brings their value. */
  constructor(inputs: readonly string[], hoist?: (expression: Expression) => string) {
    this.#inputs = [...inputs];
    this.#hoist = hoist;
  }

  output(name: string, expression: Expression): void {
    this.#outputs.push({ name, from: this.#operand(expression) });
  }

  /** The same for equal expressions. */
  key(expression: Expression): string {
    return keyOf(this.#operand(expression));
  }

  code(): Code {
    return { inputs: this.#inputs, instructions: this.#instructions, outputs: this.#outputs };
  }

  #operand(expression: Expression): Operand {
    const visited = this.#visited.get(expression);
    if (visited) return visited;
    const operand = this.#compile(expression);
    this.#visited.set(expression, operand);
    return operand;
  }

  #compile(expression: Expression): Operand {
    const node = unnamed(expression);
    if (node.kind === 'constant') return { const: node.value };
    if (this.#hoist && node.rank === 'scalar') return this.#input(this.#hoist(node));
    if (node.kind === 'input') return this.#input(node.name);
    const args = node.args.map((arg) => this.#operand(arg));
    return this.#once(`${node.op} ${args.map(keyOf).join(' ')}`, () => {
      this.#instructions.push({ op: node.op, args });
      return { op: this.#instructions.length - 1 };
    });
  }

  #input(name: string): Operand {
    const index = this.#inputs.indexOf(name);
    return { in: index >= 0 ? index : this.#inputs.push(name) - 1 };
  }

  #once(key: string, make: () => Operand): Operand {
    const known = this.#known.get(key) ?? make();
    this.#known.set(key, known);
    return known;
  }
}

/** Names an operand; −0 and 0 differ. */
function keyOf(operand: Operand): string {
  if ('const' in operand) return `#${Object.is(operand.const, -0) ? '-0' : operand.const}`;
  return 'in' in operand ? `$${operand.in}` : `%${operand.op}`;
}
