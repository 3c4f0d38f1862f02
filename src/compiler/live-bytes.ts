import { size } from './ops/op-definition.js';
import type { Program } from './program.js';

/** Memory of the temporaries of a program, in row-major order and with nothing in place. */
export interface LiveBytes {
  /** If each were kept to the end. */
  total: number;
  /** Alive at once, at most. */
  peak: number;
}

/** Of ops in order; a tensor lives from the op that makes it to the last one that reads it. */
export function liveBytes<T>(
  ops: readonly { readonly inputs: readonly T[]; readonly outputs: readonly T[] }[],
  bytesOf: (tensor: T) => number,
): LiveBytes {
  const last = new Map<T, number>();
  ops.forEach(({ inputs, outputs }, index) => {
    for (const tensor of [...inputs, ...outputs]) last.set(tensor, index);
  });
  let [total, live, peak] = [0, 0, 0];
  ops.forEach(({ inputs, outputs }, index) => {
    const made = outputs.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
    total += made;
    live += made;
    peak = Math.max(peak, live);
    for (const tensor of new Set([...inputs, ...outputs])) {
      if (last.get(tensor) === index) live -= bytesOf(tensor);
    }
  });
  return { total, peak };
}

/** Of a program. */
export const programBytes = ({ ops, tensors }: Program): LiveBytes =>
  liveBytes(ops, (id) => {
    const tensor = tensors[id];
    return tensor?.role === 'temporary' ? 4 * size(tensor.shape) : 0;
  });
