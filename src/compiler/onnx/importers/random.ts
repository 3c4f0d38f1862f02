import {
  add,
  type Expression,
  less,
  mul,
  normal,
  uniform,
} from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { checkShape, type Shape } from '../../dimension.js';
import type { Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';

/** Operators that draw random numbers: by the trainer's seed, the step and the element; a seed of their own is ignored. */
export const random: Importers = {
  Bernoulli(n) {
    n.float('seed', 0);
    n.int('dtype', 1);
    return n.pointwise([n.any(0)], (chance) => less(uniform(n.stream), chance));
  },
  Dropout(n) {
    n.int('seed', 0);
    const ratio = n.scalar(1, n.float('ratio', 0.5));
    // A workload trains: what the file says of the mode in which it was exported is not asked.
    if (n.has(2)) n.known(2);
    n.int('is_test', 0);
    if (!(ratio >= 0 && ratio < 1)) {
      throw new CompileError(`the dropout ratio is ${ratio}; it must be in [0, 1)`);
    }
    if (ratio === 0) return n.any(0);
    return n.emit('dropout', [n.tensor(0)], { ratio, stream: n.stream });
  },
  RandomNormal: (n) => draw(n, normally(n), shapeOf(n)),
  RandomNormalLike: (n) => draw(n, normally(n), n.any(0).shape),
  RandomUniform: (n) => draw(n, uniformly(n), shapeOf(n)),
  RandomUniformLike: (n) => draw(n, uniformly(n), n.any(0).shape),
  // No operators of ONNX's, but what Keras's dropout and noise become on the way through TensorFlow.
  StatelessRandomNormalV2: (n) => drawStateless(n, normal(n.stream)),
  StatelessRandomUniformV2: (n) => drawStateless(n, uniform(n.stream)),
};

function normally(n: NodeReader): Expression {
  return add(n.float('mean', 0), mul(n.float('scale', 1), normal(n.stream)));
}

function uniformly(n: NodeReader): Expression {
  const [low, high] = [n.float('low', 0), n.float('high', 1)];
  return add(low, mul(high - low, uniform(n.stream)));
}

const shapeOf = (n: NodeReader): Shape => checkShape(n.ints('shape') ?? [], 'the result');

function draw(n: NodeReader, number: Expression, shape: Shape): Value {
  n.float('seed', 0);
  n.int('dtype', 1);
  return n.pointwise([], () => number, shape);
}

/** Of a shape that is an input; the other inputs are the state of TensorFlow's generator. */
function drawStateless(n: NodeReader, number: Expression): Value {
  n.int('dtype', 1);
  return n.pointwise([], () => number, checkShape(n.integers(0).integers, 'the result'));
}
