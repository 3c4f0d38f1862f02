import type { Op, OpKind, Program } from '../../src/compiler/program.js';

type Numbers = Float64Array;
type Values = Readonly<Record<string, ArrayLike<number>>>;

/** What an op sees: its tensors, their shapes, its attributes. */
interface Context {
  x: Numbers[];
  y: Numbers[];
  inputShape(k: number): number[];
  outputShape(k: number): number[];
  pair(name: string): [number, number];
  pads(): [number, number, number, number];
  flag(name: string): boolean;
  number(name: string): number;
  list(name: string): number[];
}

/**
 * Runs a program in float64 with plain loops: slow and simple, the reference the compiler and the engine are held
 * against. `values` are those of inputs, labels and parameters, by name; returns every tensor's, by name.
 */
export function interpret(program: Program, values: Values): Map<string, Numbers> {
  const memory = program.tensors.map(({ name, shape, role, data }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    if (!['input', 'label', 'parameter', 'constant'].includes(role)) return new Float64Array(size);
    const given = values[name] ?? data;
    if (given?.length !== size) {
      throw new Error(`"${name}" needs ${size} values, got ${given?.length}`);
    }
    return Float64Array.from(given);
  });
  for (const op of program.ops) kernels[op.kind](contextOf(op, program, memory));
  return new Map(program.tensors.map(({ name }, id) => [name, get(memory, id)]));
}

function get<T>(list: readonly T[] | undefined, k: number): T {
  const item = list?.[k];
  if (item === undefined) throw new Error(`no item ${k}`);
  return item;
}

function contextOf(op: Op, program: Program, memory: Numbers[]): Context {
  const shape = (id: number) => get(program.tensors, id).shape;
  const attribute = (name: string) => {
    const value = op.attributes[name];
    if (value === undefined) throw new Error(`${op.kind} "${op.name}" lacks ${name}`);
    return value;
  };
  return {
    x: op.inputs.map((id) => get(memory, id)),
    y: op.outputs.map((id) => get(memory, id)),
    inputShape: (k) => shape(get(op.inputs, k)),
    outputShape: (k) => shape(get(op.outputs, k)),
    pair: (name) => attribute(name) as [number, number],
    pads: () => attribute('pads') as [number, number, number, number],
    flag: (name) => attribute(name) as boolean,
    number: (name) => attribute(name) as number,
    list: (name) => attribute(name) as number[],
  };
}

const kernels: Record<OpKind, (c: Context) => void> = {
  conv2d(c) {
    const [x, w, b] = c.x as [Numbers, Numbers, Numbers?];
    const y = get(c.y, 0);
    const [, channels = 0, height = 0, width = 0] = c.outputShape(0);
    if (b) each(y, (_, i) => set(y, i, item(b, Math.floor(i / (height * width)) % channels)));
    convolve(c, c.inputShape(0), c.inputShape(1), c.outputShape(0), (xi, wi, yi) => {
      add(y, yi, item(x, xi) * item(w, wi));
    });
    if (c.flag('relu')) clamp(y);
  },
  conv2d_grad_input(c) {
    const [dy, w] = c.x as [Numbers, Numbers];
    const dx = get(c.y, 0);
    convolve(c, c.outputShape(0), c.inputShape(1), c.inputShape(0), (xi, wi, yi) => {
      add(dx, xi, item(dy, yi) * item(w, wi));
    });
  },
  conv2d_grad_weight(c) {
    const [x, dy] = c.x as [Numbers, Numbers];
    const [dw, db] = c.y as [Numbers, Numbers?];
    convolve(c, c.inputShape(0), c.outputShape(0), c.inputShape(1), (xi, wi, yi) => {
      add(dw, wi, item(x, xi) * item(dy, yi));
    });
    const [, channels = 0, height = 0, width = 0] = c.inputShape(1);
    if (db) each(dy, (v, i) => add(db, Math.floor(i / (height * width)) % channels, v));
  },
  max_pool2d(c) {
    const x = get(c.x, 0);
    const [y, argmax] = c.y as [Numbers, Numbers?];
    windows(c, c.inputShape(0), c.outputShape(0), (yi, members) => {
      let best = get(members, 0);
      for (const xi of members) if (item(x, xi) > item(x, best)) best = xi;
      const cut = c.flag('relu') && item(x, best) <= 0;
      set(y, yi, cut ? 0 : item(x, best));
      if (argmax) set(argmax, yi, cut ? -1 : best);
    });
  },
  max_pool2d_grad(c) {
    const [dy, argmax] = c.x as [Numbers, Numbers];
    const dx = get(c.y, 0);
    each(dy, (v, yi) => {
      const xi = item(argmax, yi);
      if (xi >= 0) add(dx, xi, v);
    });
  },
  avg_pool2d(c) {
    const x = get(c.x, 0);
    const y = get(c.y, 0);
    windows(c, c.inputShape(0), c.outputShape(0), (yi, members, size) => {
      const count = c.flag('count_include_pad') ? size : members.length;
      set(y, yi, members.reduce((sum, xi) => sum + item(x, xi), 0) / count);
    });
  },
  avg_pool2d_grad(c) {
    const dy = get(c.x, 0);
    const dx = get(c.y, 0);
    windows(c, c.outputShape(0), c.inputShape(0), (yi, members, size) => {
      const count = c.flag('count_include_pad') ? size : members.length;
      for (const xi of members) add(dx, xi, item(dy, yi) / count);
    });
  },
  dense(c) {
    const [x, w, b] = c.x as [Numbers, Numbers, Numbers?];
    const y = get(c.y, 0);
    if (b) each(y, (_, i) => set(y, i, item(b, i % b.length)));
    product(c.inputShape(0), false, c.inputShape(1), c.flag('transposed'), (xi, wi, yi) => {
      add(y, yi, item(x, xi) * item(w, wi));
    });
    if (c.flag('relu')) clamp(y);
  },
  dense_grad_input(c) {
    const [dy, w] = c.x as [Numbers, Numbers];
    const dx = get(c.y, 0);
    product(c.outputShape(0), false, c.inputShape(1), c.flag('transposed'), (xi, wi, yi) => {
      add(dx, xi, item(dy, yi) * item(w, wi));
    });
  },
  dense_grad_weight(c) {
    const [x, dy] = c.x as [Numbers, Numbers];
    const [dw, db] = c.y as [Numbers, Numbers?];
    product(c.inputShape(0), false, c.outputShape(0), c.flag('transposed'), (xi, wi, yi) => {
      add(dw, wi, item(x, xi) * item(dy, yi));
    });
    if (db) each(dy, (v, i) => add(db, i % db.length, v));
  },
  matmul(c) {
    const [a, b] = c.x as [Numbers, Numbers];
    const y = get(c.y, 0);
    const [ta, tb] = [c.flag('transpose_a'), c.flag('transpose_b')];
    product(c.inputShape(0), ta, c.inputShape(1), tb, (ai, bi, yi) => {
      add(y, yi, item(a, ai) * item(b, bi));
    });
  },
  add(c) {
    const [a, b] = c.x as [Numbers, Numbers];
    const y = get(c.y, 0);
    const shape = c.outputShape(0);
    each(y, (_, i) => {
      set(
        y,
        i,
        item(a, project(i, shape, c.inputShape(0))) + item(b, project(i, shape, c.inputShape(1))),
      );
    });
    if (c.flag('relu')) clamp(y);
  },
  reduce_sum(c) {
    const [x, y] = [get(c.x, 0), get(c.y, 0)];
    const shape = c.inputShape(0);
    const axes = c.list('axes');
    const kept = shape.map((d, i) => (axes.includes(i) ? 1 : d));
    each(x, (v, i) => add(y, project(i, shape, kept), v));
  },
  relu(c) {
    get(c.y, 0).set(get(c.x, 0));
    clamp(get(c.y, 0));
  },
  relu_grad(c) {
    const [dy, y] = c.x as [Numbers, Numbers];
    each(dy, (v, i) => set(get(c.y, 0), i, item(y, i) > 0 ? v : 0));
  },
  reshape(c) {
    get(c.y, 0).set(get(c.x, 0));
  },
  softmax_cross_entropy(c) {
    const [logits, labels] = c.x as [Numbers, Numbers];
    const [loss, errors, dlogits] = c.y as [Numbers, Numbers, Numbers?];
    const [, classes = 0] = c.inputShape(0);
    const smoothing = c.number('label_smoothing');
    const counted = labels.filter((label) => label >= 0).length;
    each(labels, (label, n) => {
      if (label < 0) return;
      const row = logits.subarray(n * classes, (n + 1) * classes);
      const top = Math.max(...row);
      const log = top + Math.log(row.reduce((sum, z) => sum + Math.exp(z - top), 0));
      each(row, (z, k) => {
        const target = smoothing / classes + (k === label ? 1 - smoothing : 0);
        add(loss, 0, (target * (log - z)) / counted);
        if (dlogits) set(dlogits, n * classes + k, (Math.exp(z - log) - target) / counted);
      });
      if (row.indexOf(top) !== label) add(errors, 0, 1);
    });
  },
};

const item = (a: Numbers, i: number): number => {
  const value = a[i];
  if (value === undefined) throw new Error(`index ${i} of ${a.length}`);
  return value;
};
const set = (a: Numbers, i: number, value: number) => {
  a[i] = value;
};
const add = (a: Numbers, i: number, value: number) => set(a, i, item(a, i) + value);
const each = (a: Numbers, visit: (value: number, i: number) => void): void => {
  for (let i = 0; i < a.length; i++) visit(item(a, i), i);
};
const clamp = (a: Numbers) => each(a, (v, i) => set(a, i, Math.max(0, v)));

/** Visits every multiply-add of a convolution with flat indices into input, weight and output. */
function convolve(
  c: Context,
  [batch = 0, channels = 0, height = 0, width = 0]: number[],
  [outputs = 0, perGroup = 0, kernelHeight = 0, kernelWidth = 0]: number[],
  [, , outHeight = 0, outWidth = 0]: number[],
  visit: (xi: number, wi: number, yi: number) => void,
): void {
  const [sy, sx] = c.pair('strides');
  const [dy, dx] = c.pair('dilations');
  const [top, left] = c.pads();
  const outputsPerGroup = outputs / c.number('groups');
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < outputs; o++)
      for (let oy = 0; oy < outHeight; oy++)
        for (let ox = 0; ox < outWidth; ox++)
          for (let i = 0; i < perGroup; i++)
            for (let ky = 0; ky < kernelHeight; ky++)
              for (let kx = 0; kx < kernelWidth; kx++) {
                const row = oy * sy - top + ky * dy;
                const column = ox * sx - left + kx * dx;
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                const channel = Math.floor(o / outputsPerGroup) * perGroup + i;
                visit(
                  ((n * channels + channel) * height + row) * width + column,
                  ((o * perGroup + i) * kernelHeight + ky) * kernelWidth + kx,
                  ((n * outputs + o) * outHeight + oy) * outWidth + ox,
                );
              }
}

/** Visits every pooling window with the flat indices of its members inside the image; `size` counts padding too. */
function windows(
  c: Context,
  [batch = 0, channels = 0, height = 0, width = 0]: number[],
  [, , outHeight = 0, outWidth = 0]: number[],
  visit: (yi: number, members: number[], size: number) => void,
): void {
  const [kernelHeight, kernelWidth] = c.pair('kernel');
  const [sy, sx] = c.pair('strides');
  const [top, left] = c.pads();
  for (let plane = 0; plane < batch * channels; plane++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++) {
        const members: number[] = [];
        for (let row = oy * sy - top; row < oy * sy - top + kernelHeight; row++)
          for (let column = ox * sx - left; column < ox * sx - left + kernelWidth; column++) {
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            members.push((plane * height + row) * width + column);
          }
        visit((plane * outHeight + oy) * outWidth + ox, members, kernelHeight * kernelWidth);
      }
}

/** Visits every multiply-add of op(a)·op(b) with flat indices. */
function product(
  [aRows = 0, aColumns = 0]: number[],
  transposeA: boolean,
  [bRows = 0, bColumns = 0]: number[],
  transposeB: boolean,
  visit: (ai: number, bi: number, yi: number) => void,
): void {
  const [rows, inner] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const columns = transposeB ? bRows : bColumns;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let k = 0; k < inner; k++)
        visit(
          transposeA ? k * aColumns + i : i * aColumns + k,
          transposeB ? j * bColumns + k : k * bColumns + j,
          i * columns + j,
        );
}

/** The flat index in a tensor of shape `to` of what broadcasts to flat index `i` of shape `from`. */
function project(i: number, from: number[], to: number[]): number {
  let rest = i;
  let result = 0;
  let stride = 1;
  for (let axis = 1; axis <= from.length; axis++) {
    const length = from.at(-axis) ?? 1;
    const position = rest % length;
    rest = Math.floor(rest / length);
    const own = to.at(-axis) ?? 1;
    if (axis <= to.length && own !== 1) result += position * stride;
    if (axis <= to.length) stride *= own;
  }
  return result;
}
