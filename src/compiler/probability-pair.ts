import type { Operand } from '../expression/code.js';
import { at, type Graph, type Node, type Value } from './graph.js';

/** Whether the output is [1 − p, p]: the probabilities of two classes, one of them the other's complement. */
export function isProbabilityPair({ nodes, outputs }: Graph): boolean {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((y) => [y, node] as const)));
  const last = makerThroughReshapes(outputs[0], makers);
  if (last?.kind !== 'concat' || last.inputs.length !== 2) return false;
  const [complement, p] = last.inputs;
  return p !== undefined && isComplement(makers.get(at([complement], 0)), p);
}

function makerThroughReshapes(
  value: Value | undefined,
  makers: ReadonlyMap<Value, Node>,
): Node | undefined {
  const maker = value && makers.get(value);
  return maker?.kind === 'reshape' ? makerThroughReshapes(maker.inputs[0], makers) : maker;
}

/** Whether a node makes 1 − p. */
function isComplement(node: Node | undefined, p: Value): boolean {
  if (node?.kind !== 'pointwise') return false;
  const [instruction, ...others] = node.attributes.code.instructions;
  if (instruction?.op !== 'sub' || others.length > 0) return false;
  const [one, subtracted] = instruction.args.map((operand) => operandOf(node, operand));
  return subtracted === p && (one === 1 || isOne(one));
}

const operandOf = ({ inputs }: Node, operand: Operand): Value | number | undefined => {
  if ('const' in operand) return operand.const;
  return 'in' in operand ? inputs[operand.in] : undefined;
};

const isOne = (value: Value | number | undefined): boolean =>
  typeof value === 'object' &&
  value.role === 'constant' &&
  value.shape.every((length) => length === 1) &&
  value.read?.()[0] === 1;
