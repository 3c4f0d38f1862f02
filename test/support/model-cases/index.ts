import type { ModelSpec } from '../onnx-builder.js';
import { control } from './control.js';
import { convolutions } from './convolutions.js';
import { elementwise } from './elementwise.js';
import { fourier } from './fourier.js';
import { movement } from './movement.js';
import { normalizations } from './normalizations.js';
import { picking } from './picking.js';
import { pointwise } from './pointwise.js';
import { pools } from './pools.js';
import { products } from './products.js';
import { recurrent } from './recurrent.js';
import { reductions } from './reductions.js';
import { resizing } from './resizing.js';
import { sampling } from './sampling.js';
import { searching } from './searching.js';
import { shapes } from './shapes.js';
import { transformers } from './transformers.js';

/** The batch size every case is run at. */
export const CASE_BATCH = 3;

/** Small models that together use every operator, attribute form and gradient rule. */
export const modelCases: Readonly<Record<string, ModelSpec>> = {
  ...control,
  ...convolutions,
  ...elementwise,
  ...fourier,
  ...movement,
  ...normalizations,
  ...picking,
  ...pointwise,
  ...pools,
  ...products,
  ...recurrent,
  ...reductions,
  ...resizing,
  ...sampling,
  ...searching,
  ...shapes,
  ...transformers,
};
