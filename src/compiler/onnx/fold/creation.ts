import { CompileError } from '../../compile-error.js';
import { BATCH, checkShape, type Dimension, fixed, sameDimension } from '../../dimension.js';
import { at } from '../../graph.js';
import { axis } from '../importers/importer.js';
import { countItems, eachPosition, Known, knownTensor, stored } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Folders } from './folder.js';

/** Tensors made from a shape or a few numbers. */
export const creation: Folders = {
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

/** The numbers of the examples, where a range ends with the batch. */
function places(n: NodeReader, end: Dimension): Known {
  const [first, step] = [0, 2].map((k) => at(n.known(k).numbers(), 0));
  if (first !== 0 || step !== 1 || !sameDimension(end, BATCH)) {
    throw new CompileError('a range to the batch size must start with 0 and have step 1');
  }
  return new Known('int', [BATCH], [{ row: 1, plus: 0 }]);
}
