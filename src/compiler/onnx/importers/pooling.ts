import { CompileError } from '../../compile-error.js';
import { at } from '../../graph.js';
import type { Pads, PoolAttributes } from '../../ops/images.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';
import { padding, spatial } from './padding.js';

export const pooling: Importers = {
  AveragePool(n) {
    const { ceil, ...pool } = poolAttributes(n);
    const count_include_pad = n.int('count_include_pad', 0) !== 0;
    if (ceil && count_include_pad) {
      throw new CompileError('ceil_mode together with count_include_pad is not supported');
    }
    return n.emit('avg_pool2d', [n.tensor(0)], { ...pool, count_include_pad });
  },
  GlobalAveragePool(n) {
    const x = n.tensor(0);
    const kernel = spatial(x.shape);
    const pads: Pads = [0, 0, 0, 0];
    const attributes = { kernel, strides: [1, 1], pads, count_include_pad: false } as const;
    return n.emit('avg_pool2d', [x], attributes);
  },
  MaxPool(n) {
    const { ceil: _, ...pool } = poolAttributes(n);
    n.int('storage_order', 0);
    return n.emit('max_pool2d', [n.tensor(0)], { ...pool, relu: false });
  },
};

/** `ceil` says whether windows hang over the end, which the pads then allow for. */
function poolAttributes(n: NodeReader): PoolAttributes & { ceil: boolean } {
  const kernel = n.pair('kernel_shape', undefined);
  const strides = n.pair('strides', [1, 1]);
  if (n.pair('dilations', [1, 1]).some((d) => d !== 1)) {
    throw new CompileError('pooling with dilations is not supported');
  }
  const { shape } = n.tensor(0);
  const pads = padding(n, shape, kernel, strides);
  if (n.int('ceil_mode', 0) === 0) return { kernel, strides, pads, ceil: false };

  const ends = spatial(shape).map((length, i) => {
    const [before, after, k, stride] = [
      at(pads, i),
      at(pads, i + 2),
      at(kernel, i),
      at(strides, i),
    ];
    const count = Math.ceil((length + before + after - k) / stride) + 1;
    // A window that would start in the padding at the end is left out.
    const kept = (count - 1) * stride >= length + before ? count - 1 : count;
    return Math.max(after, (kept - 1) * stride + k - length - before);
  });
  const padded: Pads = [pads[0], pads[1], ends[0] ?? 0, ends[1] ?? 0];
  return { kernel, strides, pads: padded, ceil: String(padded) !== String(pads) };
}
