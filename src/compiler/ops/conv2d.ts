import { CompileError } from '../compile-error.js';
import { fixed, formatShape } from '../dimension.js';
import { at } from '../graph.js';
import { checkBias, unmask, weightsWanted } from './affine.js';
import { addByChannel, channelOf, image, type Pads, type Pair, windows } from './images.js';
import { type ConcreteShapes, type OpDefinition, size } from './op-definition.js';
import { accumulate, clamp, each, item, set } from './reference-context.js';

export interface ConvolutionAttributes {
  strides: Pair;
  pads: Pads;
  dilations: Pair;
  groups: number;
  /** Whether it must be computed directly, not by Winograd's algorithm: see choose-algorithms.ts. */
  exact: boolean;
}

/** y = relu?(x ∗ w + b): x[N,C,H,W], w[O,C/groups,KH,KW], (b[O]) → y[N,O,H',W']. */
export const conv2d: OpDefinition<ConvolutionAttributes & { relu: boolean }> = {
  shapes([x = [], w = [], b], { strides, pads, dilations, groups }) {
    const [channels] = image(x);
    const [outputs, perGroup, ...kernel] = w.map((d) => fixed(d, 'a length of the weight'));
    if (kernel.length !== 2 || outputs === undefined || perGroup === undefined) {
      throw new CompileError(`the weight ${formatShape(w)} must be [O, C/groups, height, width]`);
    }
    if (perGroup * groups !== channels || outputs % groups !== 0) {
      throw new CompileError(
        `input ${formatShape(x)}, weight ${formatShape(w)} and groups ${groups} do not fit together`,
      );
    }
    checkBias(b, outputs);
    const extent = kernel.map((k, i) => (k - 1) * at(dilations, i) + 1);
    return [[at(x, 0), outputs, ...windows(x, [at(extent, 0), at(extent, 1)], strides, pads)]];
  },
  gradient(node, [dy], tape) {
    const [x, w, b] = [at(node.inputs, 0), at(node.inputs, 1), node.inputs[2]];
    const { relu, ...attributes } = node.attributes;
    const dz = unmask(relu, node, dy, tape);
    const dx = tape.needs(x) ? tape.emit('conv2d_grad_input', [dz, w], [x], attributes) : [];
    const wanted = weightsWanted(w, b, tape);
    const dw = wanted && tape.emit('conv2d_grad_weight', [x, dz], wanted, attributes);
    return [dx[0], dw?.[0], dw?.[1]];
  },
  flops: ({ inputs, outputs }) =>
    multiplyAdds(outputs[0], inputs[1]) + (inputs.length > 2 ? size(outputs[0]) : 0),
  reference({ x: [x, w, b], y: [y], inputShapes, outputShapes, attributes }) {
    if (!x || !w || !y) return;
    const [shape = []] = outputShapes;
    if (b) each(y, (_, i) => set(y, i, item(b, channelOf(i, shape))));
    convolve(attributes, at(inputShapes, 0), at(inputShapes, 1), shape, (xi, wi, yi) => {
      accumulate(y, yi, item(x, xi) * item(w, wi));
    });
    if (attributes.relu) clamp(y);
  },
};

/** dy, w → dx: also a transposed convolution of dy. */
export const conv2d_grad_input: OpDefinition<ConvolutionAttributes> = {
  gradient({ inputs, attributes }, [dx], tape) {
    const [dy, w, from] = [at(inputs, 0), at(inputs, 1), at([dx], 0)];
    const forward = { ...attributes, relu: false };
    const back = tape.needs(dy) ? tape.emit('conv2d', [from, w], [dy], forward) : [];
    const weight = tape.needs(w)
      ? tape.emit('conv2d_grad_weight', [from, dy], [w], attributes)
      : [];
    return [back[0], weight[0]];
  },
  flops: ({ inputs }) => multiplyAdds(inputs[0], inputs[1]),
  reference({ x: [dy, w], y: [dx], inputShapes, outputShapes, attributes }) {
    if (!dy || !w || !dx) return;
    const [from, weight] = [at(inputShapes, 0), at(inputShapes, 1)];
    convolve(attributes, at(outputShapes, 0), weight, from, (xi, wi, yi) => {
      accumulate(dx, xi, item(dy, yi) * item(w, wi));
    });
  },
};

/** x, dy → dw, (db). */
export const conv2d_grad_weight: OpDefinition<ConvolutionAttributes> = {
  flops: ({ inputs, outputs }: ConcreteShapes) => multiplyAdds(inputs[1], outputs[0]),
  reference({ x: [x, dy], y: [dw, db], inputShapes, outputShapes, attributes }) {
    if (!x || !dy || !dw) return;
    const [image, shape] = [at(inputShapes, 0), at(inputShapes, 1)];
    convolve(attributes, image, at(outputShapes, 0), shape, (xi, wi, yi) => {
      accumulate(dw, wi, item(x, xi) * item(dy, yi));
    });
    if (db) addByChannel(dy, shape, db);
  },
};

/** Twice the multiply-adds of all positions of the output. */
const multiplyAdds = (output: readonly number[] = [], weight: readonly number[] = []) =>
  2 * size(output) * size(weight.slice(1));

/** Visits every multiply-add of a convolution with flat indices into input, weight and output. */
function convolve(
  { strides, pads, dilations, groups }: ConvolutionAttributes,
  [batch = 0, channels = 0, height = 0, width = 0]: readonly number[],
  [outputs = 0, perGroup = 0, kernelHeight = 0, kernelWidth = 0]: readonly number[],
  [, , outHeight = 0, outWidth = 0]: readonly number[],
  visit: (xi: number, wi: number, yi: number) => void,
): void {
  const [sy, sx] = strides;
  const [dy, dx] = dilations;
  const [top, left] = pads;
  const outputsPerGroup = outputs / groups;
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
