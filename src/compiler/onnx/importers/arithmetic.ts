import type { Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';
import { ownPlaces } from './own-places.js';

export const arithmetic: Importers = {
  Add: (n) => ownPlaces(n, [n.any(0), n.any(1)], 1) ?? add(n.tensor(0), n.tensor(1), n),
};

export const add = (a: Value, b: Value, n: NodeReader) => n.emit('add', [a, b], { relu: false });
