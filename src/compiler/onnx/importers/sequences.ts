import { fixed } from '../../dimension.js';
import { at } from '../../graph.js';
import { Known } from '../known.js';
import { Sequence } from '../node-reader.js';
import { axis, type Importers } from './importer.js';

/** Lists of tensors, as the newer exporter writes `torch.split` before it optimises. */
export const sequences: Importers = {
  SequenceConstruct: (n) => new Sequence(Array.from({ length: n.inputCount }, (_, k) => n.any(k))),
  SequenceAt(n) {
    const { items } = n.sequence(0);
    return at(items, axis(n.scalar(1, 0), items.length));
  },
  SequenceLength: (n) => Known.scalar('int', n.sequence(0).items.length),
  SplitToSequence(n) {
    const x = n.tensor(0);
    const along = axis(n.int('axis', 0), x.shape.length);
    const total = fixed(x.shape[along], 'the length that is split');
    const keep = n.int('keepdims', 1) !== 0 || n.has(1);
    const sizes = n.has(1) ? n.integers(1) : Known.scalar('int', 1);
    const [each = total] = sizes.numbers();
    const count = Math.ceil(total / Math.max(1, each));
    const lengths =
      sizes.rank > 0
        ? sizes.numbers()
        : Array.from({ length: count }, (_, k) => Math.min(each, total - k * each));
    const parts = n.emitAll('split', [x], { axis: along, lengths });
    if (keep) return new Sequence(parts);
    return new Sequence(parts.map((part) => n.reshape(part, x.shape.toSpliced(along, 1))));
  },
};
