import { applied, type Expression, named } from './expression.js';

/** An expression with others in the place of the inputs that they are named by. */
export function substituteInputs(
  expression: Expression,
  values: ReadonlyMap<string, Expression>,
): Expression {
  const known = new Map<Expression, Expression>();
  const visit = (node: Expression): Expression => {
    const found = known.get(node) ?? replaced(node);
    known.set(node, found);
    return found;
  };
  const replaced = (node: Expression): Expression => {
    if (node.kind === 'input') return values.get(node.name) ?? node;
    if (node.kind === 'named') return named(node.name, visit(node.value));
    if (node.kind === 'apply') return applied(node.op, node.args.map(visit));
    if (node.kind === 'sum') return { ...node, args: [visit(node.args[0])] };
    if (node.kind === 'matrix') return { ...node, args: node.args.map(visit) };
    return node;
  };
  return visit(expression);
}
