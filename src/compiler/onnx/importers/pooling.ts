import { CompileError } from '../../compile-error.js';
import { at, type Value } from '../../graph.js';
import type { Pads, PoolAttributes } from '../../ops/images.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';
import { type Images, imagesOf, likeInput, padding, pair, spatial } from './padding.js';

const NO_PADS: Pads = [0, 0, 0, 0];

export const pooling: Importers = {
  AveragePool: averagePool,
  GlobalAveragePool(n) {
    const { images, pool } = whole(n);
    const attributes = { ...pool, count_include_pad: false };
    return likeInput(n, n.emit('avg_pool2d', [images.x], attributes), images);
  },
  GlobalMaxPool(n) {
    const { images, pool } = whole(n);
    return likeInput(n, n.emit('max_pool2d', [images.x], { ...pool, relu: false }), images);
  },
  MaxPool(n) {
    const images = imagesOf(n);
    const { kernel, strides, pads, overhang } = poolAttributes(n, images);
    n.int('storage_order', 0);
    const attributes = { kernel, strides, pads: added(pads, overhang), relu: false };
    return likeInput(n, n.emit('max_pool2d', [images.x], attributes), images);
  },
};

function averagePool(n: NodeReader): Value {
  const images = imagesOf(n);
  const { kernel, strides, pads, overhang } = poolAttributes(n, images);
  const counted = n.int('count_include_pad', 0) !== 0;
  const hangs = overhang.some((pixels) => pixels > 0);
  // Pads count, but not what windows hang over beyond them: so pads become part of the image.
  if (counted && hangs) {
    const padded = padImage(n, images.x, pads);
    const attributes = { kernel, strides, pads: overhang, count_include_pad: false };
    return likeInput(n, n.emit('avg_pool2d', [padded], attributes), images);
  }
  const attributes = { kernel, strides, pads: added(pads, overhang), count_include_pad: counted };
  return likeInput(n, n.emit('avg_pool2d', [images.x], attributes), images);
}

function padImage(n: NodeReader, x: Value, pads: Pads): Value {
  const [height, width] = spatial(x.shape);
  const lengths = [height + pads[0] + pads[2], width + pads[1] + pads[3]];
  const window = { axes: [2, 3], starts: [pads[0], pads[1]], steps: [1, 1], lengths };
  return n.emit('pad', [x], { ...window, value: 0 });
}

/** A window over everything. */
function whole(n: NodeReader): { images: Images; pool: PoolAttributes } {
  const images = imagesOf(n);
  return { images, pool: { kernel: spatial(images.x.shape), strides: [1, 1], pads: NO_PADS } };
}

const added = (a: Pads, b: Pads): Pads => [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];

/** `overhang` is what windows reach over at the end, with `ceil_mode`. */
function poolAttributes(n: NodeReader, images: Images): PoolAttributes & { overhang: Pads } {
  const kernel = pair(n, 'kernel_shape', undefined, images);
  const strides = pair(n, 'strides', 1, images);
  if (pair(n, 'dilations', 1, images).some((d) => d !== 1)) {
    throw new CompileError('pooling with dilations is not supported');
  }
  const pads = padding(n, images, kernel, strides);
  if (n.int('ceil_mode', 0) === 0) return { kernel, strides, pads, overhang: NO_PADS };

  const [bottom = 0, right = 0] = spatial(images.x.shape).map((length, i) => {
    const [before, after, k, stride] = [
      at(pads, i),
      at(pads, i + 2),
      at(kernel, i),
      at(strides, i),
    ];
    const count = Math.ceil((length + before + after - k) / stride) + 1;
    // A window that would start in the padding at the end is left out.
    const kept = (count - 1) * stride >= length + before ? count - 1 : count;
    return Math.max(0, (kept - 1) * stride + k - length - before - after);
  });
  return { kernel, strides, pads, overhang: [0, 0, bottom, right] };
}
