import type { Code, Operand } from '../../expression/code.js';
import { codeOf } from '../../expression/code-expressions.js';
import { adjoints } from '../../expression/derivative.js';
import { type Expression, input } from '../../expression/expression.js';
import { applyOperator, isRandom } from '../../expression/operator.js';
import { CompileError } from '../compile-error.js';
import { at, type Value } from '../graph.js';
import { broadcast } from './broadcast.js';
import { draw } from './noise.js';
import { type NodeView, type OpDefinition, size, type Tape } from './op-definition.js';
import {
  each,
  item,
  type Numbers,
  project,
  type ReferenceContext,
  set,
} from './reference-context.js';

type Attributes = { code: Code };

/** Outputs of one shape, each element computed by `code` from the elements of inputs that broadcast to it. */
export const pointwise: OpDefinition<Attributes> = {
  shapes(inputs, { code }) {
    if (inputs.length === 0) throw new CompileError('the shape of the result is not known');
    const shape = inputs.reduce(broadcast);
    return code.outputs.map(() => shape);
  },
  isRandom: ({ code }) => code.instructions.some(({ op }) => isRandom(op)),
  gradient: gradients,
  flops: ({ outputs }, { code }) => code.instructions.length * size(outputs[0]),
  reference(context) {
    const { x, y, inputShapes, outputShapes, attributes } = context;
    const shape = at(outputShapes, 0);
    each(at(y, 0), (_, i) => {
      const inputs = x.map((values, k) => item(values, project(i, shape, at(inputShapes, k))));
      run(attributes.code, inputs, i, context).forEach((value, k) => {
        set(at(y, k) as Numbers, i, value);
      });
    });
  },
};

function run(
  { instructions, outputs }: Code,
  inputs: readonly number[],
  index: number,
  { noise }: ReferenceContext<Attributes>,
): number[] {
  const results: number[] = [];
  const resolve = (operand: Operand): number => {
    if ('const' in operand) return operand.const;
    return at('in' in operand ? inputs : results, 'in' in operand ? operand.in : operand.op);
  };
  for (const { op, args } of instructions) {
    const values = args.map(resolve);
    results.push(isRandom(op) ? draw(op, noise, at(values, 0), index) : applyOperator(op, values));
  }
  return outputs.map(({ from }) => resolve(from));
}

/** All gradients at once, in one op: they share what they compute again of the forward pass. */
function gradients(
  { inputs, outputs, attributes: { code } }: NodeView<Attributes>,
  dy: readonly (Value | undefined)[],
  tape: Tape,
): (Value | undefined)[] {
  const operands = new Map<string, Value>();
  const name = (prefix: string, values: readonly (Value | undefined)[]) =>
    values.map((value, k) => {
      if (value !== undefined) operands.set(`${prefix}${k}`, value);
      return input(`${prefix}${k}`, 'element');
    });
  const [x, y, given] = [name('x', inputs), name('y', outputs), name('dy', dy)];
  const seeds = given.map((seed, k) => (dy[k] === undefined ? undefined : seed));
  const wanted = adjoints(code, x, y, seeds).flatMap((adjoint, k) => {
    const to = at(inputs, k);
    return adjoint !== undefined && tape.needs(to) ? [{ k, to, adjoint }] : [];
  });
  // The gradient of a sum is the sum's own: nothing to compute.
  const isGiven = ({ adjoint }: { adjoint: Expression }) => adjoint.kind === 'input';
  const computed = wanted.filter((gradient) => !isGiven(gradient));
  const made = new Map<number, Value>();
  if (computed.length > 0) {
    const gradientCode = codeOf(
      [...operands.keys()],
      computed.map(({ adjoint }) => adjoint),
    );
    const read = gradientCode.inputs.map((operand) => at([operands.get(operand)], 0));
    const shape = at(outputs, 0).shape;
    const like = computed.map(({ to }) => ({ ...to, shape }));
    const values = tape.emit('pointwise', read, like, { code: gradientCode });
    computed.forEach(({ k }, i) => {
      made.set(k, at(values, i));
    });
  }
  const results: (Value | undefined)[] = inputs.map(() => undefined);
  for (const { k, to, adjoint } of wanted) {
    const full = made.get(k) ?? (adjoint.kind === 'input' ? operands.get(adjoint.name) : undefined);
    results[k] = tape.unbroadcast(at([full], 0), to);
  }
  return results;
}
