import type { Importers } from './importer.js';

export const activations: Importers = {
  Relu: (n) => n.emit('relu', [n.tensor(0)], {}),
};
