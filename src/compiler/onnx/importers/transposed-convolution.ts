import { CompileError } from '../../compile-error.js';
import { fixed, formatShape, multiply } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';
import { add } from './arithmetic.js';
import type { Importers } from './importer.js';
import { heightOne } from './padding.js';
import { extentOf, integers, splitPads, TRIVIAL, type Window } from './windows.js';

/** What the windows of one element each of the input add up to, along one axis; `before` and `after` are cut off. */
interface Target extends Window {
  size: number;
}

export const transposedConvolution: Importers = {
  /** y is what the gradient of a convolution's input is, x being that of its output. */
  ConvTranspose(n) {
    const [x, w] = [n.tensor(0), n.tensor(1)];
    const rank = x.shape.length - 2;
    if (rank < 1 || rank > 3 || w.shape.length !== x.shape.length) {
      throw new CompileError(
        `an input ${formatShape(x.shape)} and a weight ${formatShape(w.shape)}: sequences [N, C, L], images ` +
          '[N, C, H, W] and volumes [N, C, D, H, W] are supported, with weights of as many axes',
      );
    }
    const targets = targetsOf(n, x, w);
    const groups = n.int('group', 1);
    const channels = fixed(x.shape[1], 'the channels');
    if (!(groups >= 1) || at(w.shape, 0) !== channels || channels % groups !== 0) {
      throw new CompileError(
        `input ${formatShape(x.shape)}, weight ${formatShape(w.shape)} and groups ${groups} do not fit together`,
      );
    }
    const of = { 1: ofSequences, 2: ofImages, 3: ofVolumes }[rank] ?? ofImages;
    const y = of(n, x, w, targets, groups);
    if (!n.has(2)) return y;
    const bias = n.reshape(n.tensor(2), [at(y.shape, 1), ...targets.map(() => 1)]);
    return add(y, bias, n);
  },
};

type Convolve = (
  n: NodeReader,
  x: Value,
  w: Value,
  targets: readonly Target[],
  groups: number,
) => Value;

const ofSequences: Convolve = (n, x, w, [wide = { ...TRIVIAL, size: 1 }], groups) => {
  const [images, flat] = [n.reshape(x, heightOne(x.shape)), n.reshape(w, heightOne(w.shape))];
  const y = ofImages(n, images, flat, [{ ...TRIVIAL, size: 1 }, wide], groups);
  return n.reshape(y, y.shape.toSpliced(2, 1));
};

const ofImages: Convolve = (n, x, w, targets, groups) => {
  const [high, wide] = [at(targets, 0), at(targets, 1)];
  const outputs = fixed(w.shape[1], 'the channels of the weight') * groups;
  const attributes = {
    strides: [high.stride, wide.stride] as [number, number],
    pads: [high.before, wide.before, high.after, wide.after] as [number, number, number, number],
    dilations: [high.dilation, wide.dilation] as [number, number],
    groups,
    exact: false,
  };
  const shape = [at(x.shape, 0), outputs, high.size, wide.size];
  return n.emitShaped('conv2d_grad_input', [x, w], attributes, shape);
};

/** Each slice of a volume makes as many slices as the kernel is deep, as channels of images; those that meet add up. */
const ofVolumes: Convolve = (n, x, w, [deep = { ...TRIVIAL, size: 1 }, ...area], groups) => {
  const [batch = 1, channels = 1, depth = 1, height = 1, width = 1] = x.shape;
  const turned = n.emit('transpose', [x], { perm: [0, 2, 1, 3, 4] });
  const images = n.reshape(turned, [multiply(batch, depth), channels, height, width]);
  const [inputs = 1, each = 1, taps = 1, ...kernel] = w.shape;
  const flat = n.reshape(w, [inputs, multiply(each, taps), ...kernel]);
  const made = ofImages(n, images, flat, area, groups);
  const outputs = fixed(each, 'the channels of the weight') * groups;
  const pixels = made.shape.slice(2);
  const apart = n.reshape(made, [batch, depth, outputs, taps, ...pixels]);
  const full = deep.before + deep.size + deep.after;
  const places = Array.from({ length: deep.kernel }, (_, k) => {
    const cut = { axes: [3], starts: [k], steps: [1], lengths: [1] };
    const tap = n.reshape(n.emit('slice', [apart], cut), [batch, depth, outputs, ...pixels]);
    const put = { axes: [1], starts: [k * deep.dilation], steps: [deep.stride], lengths: [full] };
    return n.emit('pad', [tap], { ...put, value: 0 });
  });
  const sum = places.reduce((a, b) => add(a, b, n));
  const rest = { axes: [1], starts: [deep.before], steps: [1], lengths: [deep.size] };
  return n.emit('transpose', [n.emit('slice', [sum], rest)], { perm: [0, 2, 1, 3, 4] });
};

function targetsOf(n: NodeReader, x: Value, w: Value): Target[] {
  const lengths = x.shape.slice(2).map((d) => fixed(d, 'a length of the input'));
  const kernel = w.shape.slice(2).map((d) => fixed(d, 'a length of the weight'));
  const rank = lengths.length;
  const stated = n.ints('kernel_shape');
  if (stated && String(stated) !== String(kernel)) {
    throw new CompileError(`kernel_shape [${stated}] contradicts the weight, [${kernel}]`);
  }
  const strides = integers(n, 'strides', rank, 1, 1);
  const dilations = integers(n, 'dilations', rank, 1, 1);
  const extra = integers(n, 'output_padding', rank, 0, 0);
  const pads = integers(n, 'pads', 2 * rank, 0, 0);
  const shape = n.ints('output_shape')?.slice(-rank);
  // With a shape, what is too much is cut off as SAME_LOWER says, or else as SAME_UPPER.
  const mode = n.string('auto_pad', 'NOTSET');
  const cutting = shape && mode !== 'SAME_UPPER' ? 'SAME_LOWER' : mode;
  return lengths.map((length, k): Target => {
    const window = {
      ...TRIVIAL,
      kernel: at(kernel, k),
      stride: at(strides, k),
      dilation: at(dilations, k),
    };
    const reach = (length - 1) * window.stride + extentOf(window);
    const wanted = shape ? at(shape, k) : length * window.stride;
    const beyond = Math.max(at(extra, k), shape ? wanted - reach : 0);
    if (beyond >= window.stride) {
      throw new CompileError(
        `the result of ${length} elements has ${beyond} beyond what they reach; it must be less than the stride ${window.stride}`,
      );
    }
    const full = reach + beyond;
    const stated: [number, number] = [at(pads, k), at(pads, rank + k)];
    const cuts = splitPads(cutting, Math.max(0, full - wanted), stated);
    const size = full - cuts.before - cuts.after;
    if (size < 1) throw new CompileError(`pads [${pads}] leave nothing of the result`);
    return { ...window, ...cuts, size };
  });
}
