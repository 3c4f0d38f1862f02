import { add, mul, sub } from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { fixed, formatShape } from '../../dimension.js';
import type { Value } from '../../graph.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import { multiplyAlong } from './along-axis.js';
import { axis, type Importers } from './importer.js';
import { pick } from './picking.js';

/** Fourier transforms, as products with matrices of cosines and sines. The last axis holds real and imaginary parts. */
export const fourier: Importers = {
  DFT(n) {
    const x = n.tensor(0);
    const rank = x.shape.length;
    const along = axis(n.opset < 20 ? n.int('axis', 1) : n.scalar(2, -2), rank);
    if (along === rank - 1) throw new CompileError('the axis is that of real and imaginary parts');
    const inverse = n.int('inverse', 0) !== 0;
    const oneSided = n.int('onesided', 0) !== 0;
    const given = fixed(x.shape[along], 'the length that is transformed');
    const whole = inverse && oneSided ? 2 * (given - 1) : given;
    const length = n.scalar(1, whole);
    if (!(length >= 1)) throw new CompileError(`the length of the transform is ${length}`);
    const signal = partsOf(n, x);
    if (!inverse) return spectrum(n, signal, along, length, oneSided);
    return oneSided
      ? realSignal(n, signal, along, length)
      : spectrum(n, signal, along, length, false, true);
  },
  STFT(n) {
    const given = n.tensor(0);
    // PyTorch's older exporter leaves out the last axis of a real signal.
    const x = given.shape.length === 2 ? n.reshape(given, [...given.shape, 1]) : given;
    const window = n.has(2) ? n.any(2) : undefined;
    const [step, total] = [n.scalar(1, 0), fixed(x.shape[1], 'the length of the signal')];
    const length = n.scalar(3, fixed(window?.shape[0] ?? total, 'the length of the window'));
    if (!(step >= 1 && length >= 1 && length <= total)) {
      throw new CompileError(
        `frames of ${length} at every ${step}th place do not fit a signal ${formatShape(x.shape)}`,
      );
    }
    const count = Math.floor((total - length) / step) + 1;
    const places = Known.build('int', [count, length], ([frame = 0, k = 0]) => frame * step + k);
    const frames = pick(n, x, 1, places);
    const weighed =
      window === undefined ? frames : n.pointwise([frames, columnOf(n, window, length)], mul);
    return spectrum(n, partsOf(n, weighed), 2, length, n.int('onesided', 1) !== 0);
  },
};

/** [L] → [L, 1] */
const columnOf = (n: NodeReader, window: Value | Known, length: number): Value =>
  n.reshape(window instanceof Known ? n.constant(window, 'window') : window, [length, 1]);

/** A signal, each part with a last axis of length 1; without imaginary part where it is real. */
interface Signal {
  real: Value;
  imaginary?: Value;
}

function partsOf(n: NodeReader, x: Value): Signal {
  const last = x.shape.length - 1;
  if (x.shape[last] === 1) return { real: x };
  if (x.shape[last] !== 2) {
    throw new CompileError(`${formatShape(x.shape)} must end with 1 (real) or 2 (complex)`);
  }
  const part = (k: number) =>
    n.emit('slice', [x], { axes: [last], starts: [k], steps: [1], lengths: [1] });
  return { real: part(0), imaginary: part(1) };
}

type Wave = (angle: number) => number;

/** Of the k-th frequency of `length` at the j-th place; places beyond the transform's length count nothing. */
function waves(wave: Wave, rows: number, columns: number, length: number): number[][] {
  return Array.from({ length: rows }, (_, k) =>
    Array.from({ length: columns }, (_, j) =>
      j < length ? wave((2 * Math.PI * ((k * j) % length)) / length) : 0,
    ),
  );
}

/** All frequencies, or those up to the half. */
function spectrum(
  n: NodeReader,
  { real, imaginary }: Signal,
  along: number,
  length: number,
  oneSided: boolean,
  inverse = false,
): Value {
  const columns = fixed(real.shape[along], 'the length that is transformed');
  const rows = oneSided ? Math.floor(length / 2) + 1 : length;
  const scale = inverse ? 1 / length : 1;
  const cosines = waves((angle) => scale * Math.cos(angle), rows, columns, length);
  const sign = inverse ? -scale : scale;
  const sines = waves((angle) => sign * Math.sin(angle), rows, columns, length);
  const times = (x: Value, matrix: number[][]) => multiplyAlong(n, x, along, matrix);
  const [c, s] = [times(real, cosines), times(real, sines)];
  const parts =
    imaginary === undefined
      ? [c, n.pointwise([s], (x) => mul(-1, x))]
      : [
          n.pointwise([c, times(imaginary, sines)], add),
          n.pointwise([times(imaginary, cosines), s], sub),
        ];
  return n.emit('concat', parts, { axis: real.shape.length - 1 });
}

/** The real signal whose frequencies up to the half are given. */
function realSignal(
  n: NodeReader,
  { real, imaginary }: Signal,
  along: number,
  length: number,
): Value {
  const columns = fixed(real.shape[along], 'the length that is transformed');
  const half = Math.floor(length / 2);
  // All but the first and, of an even length, the last stand for their mirror images too.
  const share = (j: number) => {
    if (j > half) return 0;
    return (j === 0 || 2 * j === length ? 1 : 2) / length;
  };
  const matrix = (wave: Wave) =>
    waves(wave, length, columns, length).map((row) => row.map((value, j) => share(j) * value));
  const fromReal = multiplyAlong(n, real, along, matrix(Math.cos));
  if (imaginary === undefined) return fromReal;
  return n.pointwise([fromReal, multiplyAlong(n, imaginary, along, matrix(Math.sin))], sub);
}
