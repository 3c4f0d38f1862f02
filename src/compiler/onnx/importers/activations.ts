import { CompileError } from '../../compile-error.js';
import type { Importers } from './importer.js';

export const activations: Importers = {
  Relu: (n) => n.emit('relu', [n.tensor(0)], {}),
  Dropout(n) {
    n.int('seed', 0);
    const ratio = n.float('ratio', 0);
    const training = n.has(2) && n.integers(2).integers[0] !== 0;
    if (training) {
      throw new CompileError(
        `dropout in training mode (ratio ${ratio}) is not supported yet; export with model.eval()`,
      );
    }
    return n.any(0);
  },
};
