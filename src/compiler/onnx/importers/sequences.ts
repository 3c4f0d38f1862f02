import { fixed } from '../../dimension.js';
import { at } from '../../graph.js';
import { Known } from '../known.js';
import { isKnown, Sequence } from '../node-reader.js';
import { axis, type Importers } from './importer.js';

/** Lists of tensors, as the exporters write `torch.split` and lists that a loop gathers. */
export const sequences: Importers = {
  ConcatFromSequence(n) {
    const parts = n.sequence(0).items.map((item) => (isKnown(item) ? n.constant(item) : item));
    const isNew = n.int('new_axis', 0) !== 0;
    const rank = at(parts, 0).shape.length;
    const along = axis(n.int('axis', 0), rank + Number(isNew));
    const whole = isNew ? parts.map((x) => n.reshape(x, x.shape.toSpliced(along, 0, 1))) : parts;
    return whole.length === 1 ? at(whole, 0) : n.emit('concat', whole, { axis: along });
  },
  SequenceConstruct: (n) => new Sequence(Array.from({ length: n.inputCount }, (_, k) => n.any(k))),
  SequenceAt(n) {
    const { items } = n.sequence(0);
    return at(items, axis(n.scalar(1, 0), items.length));
  },
  SequenceEmpty(n) {
    n.int('dtype', 1);
    return new Sequence([]);
  },
  SequenceErase(n) {
    const { items } = n.sequence(0);
    return new Sequence(items.toSpliced(axis(n.scalar(1, -1), items.length), 1));
  },
  SequenceInsert(n) {
    const { items } = n.sequence(0);
    const place = n.scalar(2, items.length);
    const before = axis(place < 0 ? place + items.length : place, items.length + 1);
    return new Sequence(items.toSpliced(before, 0, n.any(1)));
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
