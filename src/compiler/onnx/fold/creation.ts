import { CompileError } from '../../compile-error.js';
import { BATCH, checkShape, type Dimension, fixed, sameDimension } from '../../dimension.js';
import { at } from '../../graph.js';
import { axis } from '../importers/importer.js';
import { countItems, eachPosition, Known, knownTensor, stored } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Folder, Folders } from './folder.js';

/** Tensors made from a shape or a few numbers. */
export const creation: Folders = {
  BlackmanWindow: window([0.42, -0.5, 0.08]),
  ConstantOfShape(n) {
    const shape = n.integers(0).integers;
    checkShape(
      shape.filter((d) => d !== 0),
      'the result',
    );
    const given = n.stored('value');
    const value = given ? knownTensor(given) : Known.scalar('float', 0);
    const item = value.item(0);
    return Known.build(value.type, shape, () => item);
  },
  Range(n) {
    const end = at(n.known(1).integers, 0);
    if (typeof end !== 'number') return places(n, end);
    const [first, limit, step] = [0, 1, 2].map((k) => at(n.known(k).numbers(), 0));
    if (first === undefined || limit === undefined || step === undefined || step === 0) {
      throw new CompileError('a range needs a start, a limit and a step other than 0');
    }
    const length = Math.max(0, Math.ceil((limit - first) / step));
    countItems([length]);
    return Known.build(n.known(0).type, [length], (_, i) => first + i * step);
  },
  OneHot(n) {
    const [indices, values] = [n.known(0), n.known(2)];
    const depth = fixed(n.known(1).integers[0], 'the depth');
    const along = axis(n.int('axis', -1), indices.rank + 1);
    const shape = indices.shape.toSpliced(along, 0, depth);
    return Known.build(values.type, shape, (position) => {
      const index = indices.at(position.toSpliced(along, 1)) as number;
      const hot = (index < 0 ? index + depth : index) === at(position, along);
      return values.item(hot ? 1 : 0);
    });
  },
  HammingWindow: window([25 / 46, -21 / 46]),
  HannWindow: window([0.5, -0.5]),
  MelWeightMatrix: melWeights,
  NonZero(n) {
    const x = n.known(0);
    const found: number[][] = [];
    eachPosition(stored(x.shape), (position, i) => {
      if (x.item(i) !== 0) found.push([...position]);
    });
    const shape = [x.rank, found.length];
    return Known.build('int', shape, ([row = 0, column = 0]) => at(at(found, column), row));
  },
};

/** Σ aₖ cos(2πkx) over one period of `size` places, or, where it is not periodic, up to both its ends. */
function window(coefficients: readonly number[]): Folder {
  return (n) => {
    const size = fixed(n.integers(0).integers[0], 'the size');
    n.int('output_datatype', 1);
    const period = n.int('periodic', 1) !== 0 ? size : size - 1;
    const value = (place: number) =>
      coefficients.reduce((sum, a, k) => sum + a * Math.cos((2 * Math.PI * k * place) / period), 0);
    return Known.build('float', [size], (_, place) => value(place));
  };
}

/** [frequencies, bands]: triangles between places at equal distances on the mel scale. */
function melWeights(n: NodeReader): Known {
  const [bands = 0, length = 0, rate = 0, low = 0, high = 0] = [0, 1, 2, 3, 4].map((k) =>
    n.scalar(k, 0),
  );
  n.int('output_datatype', 1);
  const mel = (hertz: number) => 2595 * Math.log10(1 + hertz / 700);
  const step = (mel(high) - mel(low)) / (bands + 2);
  const bin = (k: number) => {
    const hertz = 700 * (10 ** ((mel(low) + k * step) / 2595) - 1);
    return Math.floor(((length + 1) * hertz) / rate);
  };
  const weight = (frequency: number, band: number): number => {
    const [start, center, end] = [bin(band), bin(band + 1), bin(band + 2)];
    if (frequency < start || frequency >= end)
      return Number(start === center && frequency === start);
    if (frequency <= center) return start === center ? 1 : (frequency - start) / (center - start);
    return (end - frequency) / (end - center);
  };
  return Known.build('float', [Math.floor(length / 2) + 1, bands], ([frequency = 0, band = 0]) =>
    weight(frequency, band),
  );
}

/** The numbers of the examples, where a range ends with the batch. */
function places(n: NodeReader, end: Dimension): Known {
  const [first, step] = [0, 2].map((k) => at(n.known(k).numbers(), 0));
  if (first !== 0 || step !== 1 || !sameDimension(end, BATCH)) {
    throw new CompileError(
      'a range to the batch size must start with 0 and have step 1; PyTorch writes one with another step for ' +
        'nn.EmbeddingBag, as part of a loop over the batch: optcmp_export writes picks in its place',
    );
  }
  return new Known('int', [BATCH], [{ row: 1, plus: 0 }]);
}
