import { CompileError } from '../../compile-error.js';
import type { Importers } from './importer.js';

export const activations: Importers = {
  Relu: (n) => n.emit('relu', [n.tensor(0)], {}),
  Dropout(n) {
    n.int('seed', 0);
    const ratio = n.scalar(1, n.float('ratio', 0.5));
    const training = n.scalar(2, 0) !== 0;
    if (training) {
      throw new CompileError(
        `dropout in training mode (ratio ${ratio}) is not supported yet; export with model.eval()`,
      );
    }
    return n.any(0);
  },
};
