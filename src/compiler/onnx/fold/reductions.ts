import { type Dimension, fixed, multiply } from '../../dimension.js';
import { at } from '../../graph.js';
import { axis } from '../importers/importer.js';
import { axesOf } from '../importers/shape-inputs.js';
import { dimensionOf, eachPosition, Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Folders } from './folder.js';

/** Sums and the like of integers and truth values. */
export const reductions: Folders = {
  ReduceProd: (n) => reduce(n, 1, multiply),
  ReduceSum: (n) =>
    reduce(
      n,
      0,
      onNumbers((a, b) => a + b),
    ),
  ReduceMax: (n) => reduce(n, lowest(n), onNumbers(Math.max)),
  ReduceMin: (n) => reduce(n, highest(n), onNumbers(Math.min)),
  CumSum(n) {
    const x = n.known(0);
    if (x.type !== 'int') return undefined;
    const along = axis(at(n.numbers(1), 0), x.rank);
    const length = fixed(x.shape[along], 'the length that is summed over');
    const exclusive = n.int('exclusive', 0) !== 0;
    const reverse = n.int('reverse', 0) !== 0;
    return Known.build('int', x.shape, (position) => {
      const here = at(position, along);
      let sum = 0;
      for (let i = 0; i < length; i++) {
        const before = reverse ? i > here : i < here;
        if (before || (i === here && !exclusive)) sum += x.at(position.with(along, i)) as number;
      }
      return sum;
    });
  },
};

function reduce(
  n: NodeReader,
  start: number,
  combine: (a: Dimension, b: Dimension) => Dimension,
): Known | undefined {
  const x = n.known(0);
  if (x.type === 'float') return undefined;
  const keep = n.int('keepdims', 1) !== 0;
  const given = axesOf(n) ?? [];
  const all = n.int('noop_with_empty_axes', 0) === 0 ? x.shape.map((_, i) => i) : [];
  const axes = given.length > 0 ? given.map((a) => axis(a, x.rank)) : all;
  const kept = x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const lengths = axes.map((a) => fixed(x.shape[a], 'a length that is reduced'));
  const result = Known.build(x.type, kept, (position) => {
    let sum: Dimension = start;
    const place = [...position];
    eachPosition(lengths, (offset) => {
      axes.forEach((a, i) => {
        place[a] = at(offset, i);
      });
      sum = combine(sum, dimensionOf(x.at(place)));
    });
    return sum;
  });
  return keep ? result : result.reshaped(x.shape.filter((_, i) => !axes.includes(i)));
}

/** What the maximum and minimum of nothing are: of truth values false and true. */
const lowest = (n: NodeReader): number => (n.known(0).type === 'bool' ? 0 : -Infinity);
const highest = (n: NodeReader): number => (n.known(0).type === 'bool' ? 1 : Infinity);

const onNumbers = (operation: (a: number, b: number) => number) => (a: Dimension, b: Dimension) =>
  operation(fixed(a, 'a summand'), fixed(b, 'a summand'));
