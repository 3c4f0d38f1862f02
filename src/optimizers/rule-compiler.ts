import { CodeBuilder } from '../expression/code-builder.js';
import {
  type Expression,
  isStaged,
  type Rank,
  type Unnamed,
  unnamed,
} from '../expression/expression.js';
import { fingerprint } from './fingerprint.js';
import type { Optimizer } from './optimizer.js';
import type { CompiledRule, RuleStage, Section } from './rule.js';

/**
 * Cuts a rule into passes. What depends on scalars alone moves to scalar code and reaches the others as coefficients
 * `c0`, `c1`, … Totals over all tensors cut a rule into sections: what comes after one is computed in a later section,
 * from the parameters, gradients and states again, so that only scalars go from section to section. Within a section a
 * tensor goes through stages: passes over values of one rank, fused where they can stand side by side, and functions of
 * matrices. A rule without sums and matrix functions has one pass, the vector code, and no sections.
 */
export class RuleCompiler {
  readonly #optimizer: Optimizer;
  readonly #scalars: CodeBuilder[] = [];
  readonly #sections: SectionCompiler[] = [];
  readonly #coefficients = new Map<string, string>();
  readonly #sectionOf = new Map<Expression, number>();
  #values = 0;

  constructor(optimizer: Optimizer) {
    this.#optimizer = optimizer;
  }

  compile(): Pick<
    CompiledRule,
    'fingerprint' | 'state' | 'scalarState' | 'scalar' | 'sections' | 'vector'
  > {
    const { next, state, scalarState } = this.#optimizer;
    const last = Math.max(
      ...[next, ...state.map((slot) => slot.next)].map((e) => this.sectionOf(e)),
      ...scalarState.map((slot) => this.sectionOf(slot.next) - 1),
    );
    const section = this.#section(last);
    const elements = state.filter(({ rank }) => rank === 'element');
    const names = elements.map(({ name }) => name);
    const vector = new CodeBuilder(['p', 'g', ...names], (node) => section.bring(node, 'element'));
    vector.output('p', next);
    for (const slot of elements) vector.output(slot.name, slot.next);
    const slots = state.map(({ name, init, rank, next }) =>
      rank === 'element'
        ? { name, init }
        : { name, init, rank, next: section.value(unnamed(next)) },
    );
    for (const slot of scalarState)
      this.#scalar(this.sectionOf(slot.next)).output(slot.name, slot.next);

    const code = vector.code();
    const factors = slots.filter(({ rank }) => rank).map(({ name }) => name);
    const isSpread = (name: string) => factors.includes(name) || section.isSpread(name);
    return {
      fingerprint: fingerprint(code, names, isSpread),
      state: slots,
      scalarState: scalarState.map(({ name, init }) => ({ name, init })),
      scalar: this.#scalar(0).code(),
      sections: this.#finished(last),
      vector: code,
    };
  }

  /** How many totals, one after the other, a value needs. */
  sectionOf(expression: Expression): number {
    const known = this.#sectionOf.get(expression);
    if (known !== undefined) return known;
    const node = unnamed(expression);
    const args = 'args' in node ? node.args.map((arg) => this.sectionOf(arg)) : [];
    const isTotal = node.kind === 'sum' && node.rank === 'scalar';
    const found = Math.max(0, ...args) + (isTotal ? 1 : 0);
    this.#sectionOf.set(expression, found);
    return found;
  }

  /** The name that brings a scalar to other code. */
  coefficient(node: Unnamed): string {
    const section = this.sectionOf(node);
    const scalar = this.#scalar(section);
    const key = `${section} ${scalar.key(node)}`;
    const known = this.#coefficients.get(key);
    if (known) return known;
    const name = `c${this.#coefficients.size}`;
    this.#coefficients.set(key, name);
    scalar.output(name, node);
    return name;
  }

  freshName(): string {
    return `x${this.#values++}`;
  }

  /** The scalar code that runs before section k. */
  #scalar(k: number): CodeBuilder {
    const { hyperparameters, scalarState } = this.#optimizer;
    const names = [...Object.keys(hyperparameters), ...scalarState.map(({ name }) => name)];
    this.#scalars[k] ??= new CodeBuilder(['t', 'lr', ...names], (node) =>
      node.kind === 'sum' ? this.#section(this.sectionOf(node) - 1).value(node) : undefined,
    );
    return this.#scalars[k];
  }

  #section(k: number): SectionCompiler {
    this.#sections[k] ??= new SectionCompiler(this);
    return this.#sections[k];
  }

  #finished(last: number): Section[] {
    // Asking for what a section needs may add to those before it.
    const sections = Array.from({ length: last + 1 }, (_, k) => ({
      ...this.#section(k).finish(),
      scalar: this.#scalar(k + 1).code(),
    }));
    const [only] = sections;
    return sections.length === 1 && only?.values.length === 0 ? [] : sections;
  }
}

interface Placed {
  level: number;
  stage: () => RuleStage;
}

class SectionCompiler {
  readonly #rule: RuleCompiler;
  readonly #values: Section['values'] = [];
  readonly #stages: Placed[] = [];
  readonly #passes = new Map<string, CodeBuilder>();
  readonly #names = new Map<string, string>();
  readonly #levels = new Map<Expression, number>();

  constructor(rule: RuleCompiler) {
    this.#rule = rule;
  }

  /** The name of the input that brings a value to a pass over `rank`; undefined for what the pass computes itself. */
  bring(node: Unnamed, rank: Rank): string | undefined {
    if (node.rank === 'scalar') return this.#rule.coefficient(node);
    return node.rank !== rank || isStaged(node) ? this.value(node) : undefined;
  }

  /** The name of a value that stages or others read, computed by a stage unless it is an input. */
  value(node: Unnamed): string {
    if (node.kind === 'input') return node.name;
    if (node.kind === 'matrix') return this.#matrix(node);
    const of = node.kind === 'sum' ? unnamed(node.args[0]) : node;
    const level = this.#inlineLevel(of, of.rank);
    const pass = this.#pass(level, of.rank);
    return this.#once(`${level} ${of.rank} ${pass.key(of)} ${node.rank}`, node.rank, (name) =>
      pass.output(name, of),
    );
  }

  /** Whether a value has a number for each element, row or column. */
  isSpread(name: string): boolean {
    const value = this.#values.find((candidate) => candidate.name === name);
    return value !== undefined && value.rank !== 'tensor';
  }

  finish(): Pick<Section, 'values' | 'stages'> {
    const stages = this.#stages.toSorted((a, b) => a.level - b.level).map(({ stage }) => stage());
    return { values: this.#values, stages };
  }

  #matrix(node: Extract<Unnamed, { kind: 'matrix' }>): string {
    const { op, transposed, numbers, rank, conditional } = node;
    const names = node.args.map((arg) => this.#argument(unnamed(arg)));
    const level = this.#level(node);
    const key = `${op} ${names.join(' ')} ${transposed.join(' ')} ${numbers.join(' ')}`;
    const args = names.slice(0, transposed.length);
    const [condition = '', otherwise = ''] = names.slice(transposed.length);
    return this.#once(key, rank, (to) => {
      const stage: RuleStage = {
        kind: 'matrix',
        op,
        args,
        ...(conditional && { when: { condition, otherwise } }),
        transposed: [...transposed],
        numbers: [...numbers],
        to,
      };
      this.#stages.push({ level, stage: () => stage });
    });
  }

  #argument(node: Unnamed): string {
    return node.rank === 'scalar' ? this.#rule.coefficient(node) : this.value(node);
  }

  #pass(level: number, rank: Rank): CodeBuilder {
    const key = `${level} ${rank}`;
    const known = this.#passes.get(key);
    if (known) return known;
    const pass = new CodeBuilder([], (node) => this.bring(node, rank));
    this.#passes.set(key, pass);
    this.#stages.push({ level, stage: () => ({ kind: 'pass', rank, code: pass.code() }) });
    return pass;
  }

  #once(key: string, rank: Rank, make: (name: string) => void): string {
    const known = this.#names.get(key);
    if (known) return known;
    const name = this.#rule.freshName();
    this.#names.set(key, name);
    this.#values.push({ name, rank });
    make(name);
    return name;
  }

  /** The first level of which a pass over `rank` can read a value, which it computes itself where it may. */
  #inlineLevel(node: Unnamed, rank: Rank): number {
    if (node.rank === 'scalar') return 0;
    if (node.rank === rank && !isStaged(node)) return this.#level(node);
    return this.#readyLevel(node);
  }

  #readyLevel(node: Unnamed): number {
    return node.kind === 'input' || node.rank === 'scalar' ? 0 : this.#level(node) + 1;
  }

  /** The level at which a value is computed. */
  #level(node: Unnamed): number {
    if (!('args' in node)) return 0;
    const known = this.#levels.get(node);
    if (known !== undefined) return known;
    const args = node.args.map(unnamed);
    const levels = args.map((arg) => {
      if (node.kind === 'matrix') return this.#readyLevel(arg);
      return this.#inlineLevel(arg, node.kind === 'sum' ? arg.rank : node.rank);
    });
    const level = Math.max(0, ...levels);
    this.#levels.set(node, level);
    return level;
  }
}
