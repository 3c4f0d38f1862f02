import { CompileError } from '../../compile-error.js';
import { fixed, formatShape, multiply } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';
import { heightOne, type Images, imagesOf, likeInput, padding, pair } from './padding.js';
import { extentOf, padAlong, type Window, windowsOf } from './windows.js';

export const convolution: Importers = {
  Conv(n) {
    if (n.tensor(0).shape.length === 5) return ofVolumes(n);
    const images = imagesOf(n);
    const { w, extent, strides, ...rest } = geometry(n, images);
    const pads = padding(n, images, extent, strides);
    const inputs = n.has(2) ? [images.x, w, n.tensor(2)] : [images.x, w];
    const attributes = { strides, pads, ...rest, exact: false, relu: false };
    return likeInput(n, n.emit('conv2d', inputs, attributes), images);
  },
};

/**
 * A convolution of volumes [N, C, D, H, W] is one of images, of which each has the slices that the kernel reaches over
 * as channels.
 */
function ofVolumes(n: NodeReader): Value {
  const [x, w] = [n.tensor(0), n.tensor(1)];
  if (w.shape.length !== 5) {
    throw new CompileError(
      `the weight has shape ${formatShape(w.shape)}; volumes need [O, C, D, H, W]`,
    );
  }
  const kernel = w.shape.slice(2).map((d) => fixed(d, 'a length of the weight'));
  const lengths = x.shape.slice(2).map((d) => fixed(d, 'a length of the volume'));
  const [windows, groups] = [windowsOf(n, lengths, kernel), n.int('group', 1)];
  const [deep, high, wide] = [at(windows, 0), at(windows, 1), at(windows, 2)];
  const { count, stacked } = slicesBelow(n, x, deep);
  const [batch = 1, channels = 1, depth = 1] = [at(x.shape, 0), at(x.shape, 1), deep.kernel];
  const images = n.reshape(stacked, [
    multiply(batch, count),
    multiply(channels, depth),
    ...lengths.slice(1),
  ]);
  const [outputs = 1, inputs = 1] = w.shape;
  const flat = n.reshape(w, [outputs, multiply(inputs, depth), ...kernel.slice(1)]);
  const y = n.emit('conv2d', n.has(2) ? [images, flat, n.tensor(2)] : [images, flat], {
    strides: [high.stride, wide.stride],
    pads: [high.before, wide.before, high.after, wide.after],
    dilations: [high.dilation, wide.dilation],
    groups,
    exact: false,
    relu: false,
  });
  const apart = n.reshape(y, [batch, count, outputs, ...y.shape.slice(2)]);
  return n.emit('transpose', [apart], { perm: [0, 2, 1, 3, 4] });
}

/** For each place that a kernel takes along the depth, the slices it reads there, [N, places, C, slices, H, W]. */
function slicesBelow(n: NodeReader, x: Value, window: Window): { count: number; stacked: Value } {
  const turned = n.emit('transpose', [x], { perm: [0, 2, 1, 3, 4] });
  const padded = padAlong(n, turned, 1, window, 0);
  const { kernel, stride, dilation } = window;
  const room = fixed(padded.shape[1], 'the depth') - extentOf(window);
  const count = Math.floor(room / stride) + 1;
  if (count < 1) throw new CompileError(`a kernel of depth ${kernel} is larger than the volume`);
  const [batch = 1, , channels = 1, height = 1, width = 1] = padded.shape;
  const taps = Array.from({ length: kernel }, (_, k) => {
    const cut = { axes: [1], starts: [k * dilation], steps: [stride], lengths: [count] };
    return n.reshape(n.emit('slice', [padded], cut), [batch, count, channels, 1, height, width]);
  });
  const [only] = taps;
  const stacked = only && taps.length === 1 ? only : n.emit('concat', taps, { axis: 3 });
  return { count, stacked };
}

/** The weight of images, what the kernel reaches over, and the attributes of the convolution. */
function geometry(n: NodeReader, images: Images) {
  const stored = n.tensor(1);
  if (stored.shape.length !== (images.sequences ? 3 : 4)) {
    throw new CompileError(
      `the weight has shape ${formatShape(stored.shape)}; 2-D convolutions of images and 1-D convolutions of ` +
        'sequences are supported',
    );
  }
  const w = images.sequences ? n.reshape(stored, heightOne(stored.shape)) : stored;
  const kernel = w.shape.slice(2).map((d) => fixed(d, 'a length of the weight'));
  const stated = n.ints('kernel_shape');
  if (stated && String(stated) !== String(images.sequences ? kernel.slice(1) : kernel)) {
    throw new CompileError(
      `kernel_shape [${stated}] contradicts the weight ${formatShape(stored.shape)}`,
    );
  }
  const strides = pair(n, 'strides', 1, images);
  const dilations = pair(n, 'dilations', 1, images);
  const extent = kernel.map((k, i) => (k - 1) * at(dilations, i) + 1);
  const groups = n.int('group', 1);
  if (!(groups >= 1)) throw new CompileError(`group is ${groups}; it must be at least 1`);
  return { w, extent, strides, dilations, groups };
}
