import type { Code, Instruction, Operand } from './code.js';
import { type Expression, type Unnamed, unnamed } from './expression.js';

/** Turns expressions into straight-line code, computing equal subexpressions once. */
export class CodeBuilder {
  readonly #inputs: string[];
  readonly #instructions: Instruction[] = [];
  readonly #outputs: Code['outputs'] = [];
  readonly #known = new Map<string, Operand>();
  readonly #visited = new Map<Expression, Operand>();
  readonly #bring: ((expression: Unnamed) => string | undefined) | undefined;

  /** `bring` names the input that brings the value of an expression which is computed elsewhere. */
  constructor(inputs: readonly string[], bring?: (expression: Unnamed) => string | undefined) {
    this.#inputs = [...inputs];
    this.#bring = bring;
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
    const brought = this.#bring?.(node);
    if (brought !== undefined) return this.#input(brought);
    if (node.kind === 'input') return this.#input(node.name);
    if (node.kind !== 'apply')
      throw new TypeError(`a ${node.kind} is no part of code for elements`);
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
