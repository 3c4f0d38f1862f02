import { activations } from './activations.js';
import { arithmetic } from './arithmetic.js';
import { attention } from './attention.js';
import { blocks } from './blocks.js';
import { convolution } from './convolution.js';
import { einsum } from './einsum.js';
import { elementwise } from './elementwise.js';
import { fourier } from './fourier.js';
import type { Importers } from './importer.js';
import { losses } from './losses.js';
import { maxUnpooling } from './max-places.js';
import { movement } from './movement.js';
import { normalization } from './normalization.js';
import { picking } from './picking.js';
import { pooling } from './pooling.js';
import { products } from './products.js';
import { random } from './random.js';
import { recurrent } from './recurrent.js';
import { reductions } from './reductions.js';
import { resizing } from './resizing.js';
import { sampling } from './sampling.js';
import { searching } from './searching.js';
import { sequences } from './sequences.js';
import { shapes } from './shapes.js';
import { transposedConvolution } from './transposed-convolution.js';
import { trigonometry } from './trigonometry.js';

/** Every supported ONNX operator. To add one: an entry in the file of its family, and a new op only if none fits. */
export const importers: Importers = {
  ...activations,
  ...arithmetic,
  ...attention,
  ...blocks,
  ...convolution,
  ...einsum,
  ...elementwise,
  ...fourier,
  ...losses,
  ...normalization,
  ...maxUnpooling,
  ...movement,
  ...picking,
  ...pooling,
  ...products,
  ...random,
  ...reductions,
  ...resizing,
  ...sampling,
  ...searching,
  ...sequences,
  ...recurrent,
  ...shapes,
  ...transposedConvolution,
  ...trigonometry,
};
