import { CompileError } from '../compile-error.js';
import { fixed, formatShape, type Shape, sameShape } from '../dimension.js';
import { at } from '../graph.js';
import { type OpDefinition, size } from './op-definition.js';
import { accumulate, each, item, type Numbers, set } from './reference-context.js';

export interface GroupNormAttributes {
  /** Into how many the channels are divided; as many as channels for instance normalisation. */
  groups: number;
  /** Added to the variance. */
  epsilon: number;
}

/**
 * y = (x − mean)/√(variance + ε)·scale + bias, statistics of each example and group of channels (Wu & He, "Group
 * Normalization", 2018): x[N,C,…], scale[C], bias[C] → y, and mean[N,groups] and rstd[N,groups] = 1/√(variance + ε)
 * for the gradient.
 */
export const group_norm: OpDefinition<GroupNormAttributes> = {
  secondary: [{ suffix: 'mean' }, { suffix: 'rstd' }],
  requiredOutputs: 3,
  starts: [undefined, { kind: 'ones' }, { kind: 'zeros' }],
  shapes([x = [], ...channels], { groups }) {
    if (x.length < 2) {
      throw new CompileError(`the input has shape ${formatShape(x)}; [N, C, …] is expected`);
    }
    const perChannel: Shape = [fixed(x[1], 'the number of channels')];
    if (!(groups >= 1) || (at(perChannel, 0) as number) % groups !== 0) {
      throw new CompileError(`${groups} groups do not divide the channels of ${formatShape(x)}`);
    }
    for (const shape of channels) {
      if (sameShape(shape, perChannel)) continue;
      throw new CompileError(
        `a scale or bias has shape ${formatShape(shape)}; ${formatShape(perChannel)} is expected`,
      );
    }
    const statistics: Shape = [at(x, 0), groups];
    return [x, statistics, statistics];
  },
  gradient({ inputs, outputs, attributes }, [dy], tape) {
    const [x, scale, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const reads = [at([dy], 0), x, scale, at(outputs, 1), at(outputs, 2)];
    const wanted = tape.needs(scale) || tape.needs(bias) ? [x, scale, bias] : [x];
    return tape.emit('group_norm_grad', reads, wanted, attributes);
  },
  flops: ({ inputs }) => 7 * size(inputs[0]),
  reference({ x: [x, scale, bias], y: [y, mean, rstd], inputShapes, attributes }) {
    if (!x || !scale || !bias || !y || !mean || !rstd) return;
    eachGroup(x, at(inputShapes, 0), attributes.groups, (row, group, channelOf) => {
      const average = row.reduce((sum, v) => sum + v, 0) / row.length;
      const variance = row.reduce((sum, v) => sum + (v - average) ** 2, 0) / row.length;
      set(mean, group, average);
      set(rstd, group, 1 / Math.sqrt(variance + attributes.epsilon));
      each(row, (v, i) => {
        const normal = (v - average) * item(rstd, group);
        const channel = channelOf(i);
        set(y, group * row.length + i, normal * item(scale, channel) + item(bias, channel));
      });
    });
  },
};

/** dy, x, scale, mean, rstd → dx, (dscale, dbias). */
export const group_norm_grad: OpDefinition<GroupNormAttributes> = {
  flops: ({ inputs }) => 11 * size(inputs[0]),
  reference({ x: [dy, x, scale, mean, rstd], y: [dx, dscale, dbias], inputShapes, attributes }) {
    if (!dy || !x || !scale || !mean || !rstd || !dx) return;
    eachGroup(x, at(inputShapes, 1), attributes.groups, (row, group, channelOf) => {
      const from = group * row.length;
      const normal = row.map((v) => (v - item(mean, group)) * item(rstd, group));
      const scaled = row.map((_, i) => item(dy, from + i) * item(scale, channelOf(i)));
      const shift = scaled.reduce((sum, v) => sum + v, 0) / row.length;
      const along = scaled.reduce((sum, v, i) => sum + v * item(normal, i), 0) / row.length;
      each(normal, (v, i) => {
        set(dx, from + i, item(rstd, group) * (item(scaled, i) - shift - v * along));
        if (dscale) accumulate(dscale, channelOf(i), item(dy, from + i) * v);
        if (dbias) accumulate(dbias, channelOf(i), item(dy, from + i));
      });
    });
  },
};

/** Visits the groups of channels of all examples, with the channel of each of a group's elements. */
function eachGroup(
  x: Numbers,
  [examples = 1, channels = 1, ...inner]: readonly number[],
  groups: number,
  visit: (row: Numbers, group: number, channelOf: (i: number) => number) => void,
): void {
  const pixels = size(inner);
  const length = (channels / groups) * pixels;
  for (let group = 0; group < examples * groups; group++) {
    const first = (group % groups) * (channels / groups);
    const row = x.subarray(group * length, (group + 1) * length);
    visit(row, group, (i) => first + Math.floor(i / pixels));
  }
}
