import { CompileError } from '../../compile-error.js';
import { fixed, formatShape } from '../../dimension.js';
import { at } from '../../graph.js';
import type { Importers } from './importer.js';
import { padding } from './padding.js';

export const convolution: Importers = {
  Conv(n) {
    const [x, w] = [n.tensor(0), n.tensor(1)];
    const kernel = w.shape.slice(2).map((d) => fixed(d, 'a length of the weight'));
    if (kernel.length !== 2) {
      throw new CompileError(
        `the weight has shape ${formatShape(w.shape)}; 2-D convolutions, [O, C/groups, H, W], are supported`,
      );
    }
    const stated = n.ints('kernel_shape');
    if (stated && String(stated) !== String(kernel)) {
      throw new CompileError(
        `kernel_shape [${stated}] contradicts the weight ${formatShape(w.shape)}`,
      );
    }
    const strides = n.pair('strides', [1, 1]);
    const dilations = n.pair('dilations', [1, 1]);
    const extent = kernel.map((k, i) => (k - 1) * at(dilations, i) + 1);
    const groups = n.int('group', 1);
    if (!(groups >= 1)) throw new CompileError(`group is ${groups}; it must be at least 1`);
    const pads = padding(n, x.shape, extent, strides);
    const inputs = n.has(2) ? [x, w, n.tensor(2)] : [x, w];
    return n.emit('conv2d', inputs, {
      strides,
      pads,
      dilations,
      groups,
      exact: false,
      relu: false,
    });
  },
};
