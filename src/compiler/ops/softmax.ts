import { codeOf } from '../../expression/code-expressions.js';
import { exp, input, mul, sub } from '../../expression/expression.js';
import { CompileError } from '../compile-error.js';
import { at } from '../graph.js';
import { type OpDefinition, size } from './op-definition.js';

const [Y, DY, SUM] = [input('y', 'element'), input('dy', 'element'), input('s', 'element')];
const PRODUCT = codeOf(['y', 'dy'], [mul(Y, DY)]);
/** dx = y·(dy − Σ y·dy) */
const SOFTMAX = codeOf(['y', 'dy', 's'], [mul(Y, sub(DY, SUM))]);
/** dx = dy − e^y·Σ dy */
const LOG_SOFTMAX = codeOf(['y', 'dy', 's'], [sub(DY, mul(exp(Y), SUM))]);

/** y = softmax(x) over the last axis, or its logarithm. */
export const softmax: OpDefinition<{ log: boolean }> = {
  shapes([x = []]) {
    if (x.length === 0) throw new CompileError('a softmax needs an axis; its input is a scalar');
    return [x];
  },
  gradient(node, [dyOrNone], tape) {
    const [x, y, dy] = [at(node.inputs, 0), at(node.outputs, 0), at([dyOrNone], 0)];
    const { log } = node.attributes;
    const summand = log ? dy : at(tape.emit('pointwise', [y, dy], [x], { code: PRODUCT }), 0);
    const last = x.shape.length - 1;
    const row = { ...x, shape: x.shape.with(last, 1) };
    const sum = at(tape.emit('reduce_sum', [summand], [row], { axes: [last], keepdims: true }), 0);
    return tape.emit('pointwise', [y, dy, sum], [x], { code: log ? LOG_SOFTMAX : SOFTMAX });
  },
  flops: ({ inputs }) => 5 * size(inputs[0]),
  reference({ x: [x], y: [y], inputShapes, attributes: { log } }) {
    if (!x || !y) return;
    const width = at(inputShapes, 0).at(-1) ?? 1;
    for (let start = 0; start < x.length; start += width) {
      const row = x.subarray(start, start + width);
      const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
      const sum = row.reduce((total, value) => total + Math.exp(value - top), 0);
      row.forEach((value, i) => {
        const logarithm = value - top - Math.log(sum);
        y[start + i] = log ? logarithm : Math.exp(logarithm);
      });
    }
  },
};
