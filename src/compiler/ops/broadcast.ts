import { CompileError } from '../compile-error.js';
import { formatShape, type Shape, sameDimension } from '../dimension.js';

/** The common shape of two tensors under NumPy's broadcasting. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const d = a[i - rank + a.length] ?? 1;
    const e = b[i - rank + b.length] ?? 1;
    if (d === 1 || sameDimension(d, e)) return e;
    if (e === 1) return d;
    throw new CompileError(
      `shapes ${formatShape(a)} and ${formatShape(b)} cannot be broadcast together`,
    );
  });
}

/** The axes (of `from`) that broadcasting a tensor of shape `to` stretched. */
export function stretchedAxes(from: Shape, to: Shape): number[] {
  const added = from.length - to.length;
  return from.flatMap((d, i) => (i < added || (to[i - added] === 1 && d !== 1) ? [i] : []));
}
