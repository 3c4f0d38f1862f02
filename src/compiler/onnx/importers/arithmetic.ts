import type { Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';

export const arithmetic: Importers = {
  Add: (n) => add(n.tensor(0), n.tensor(1), n),
};

export const add = (a: Value, b: Value, n: NodeReader) => n.emit('add', [a, b], { relu: false });
