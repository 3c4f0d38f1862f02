import type { Relation } from '../relation.js';
import { adamMomentum } from './adam-momentum.js';
import { adamPytorchMomentum } from './adam-pytorch-momentum.js';
import { adamPytorchSignSgd } from './adam-pytorch-sign-sgd.js';
import { adamSignSgd } from './adam-sign-sgd.js';
import { adamwAdam } from './adamw-adam.js';
import { adamwPytorchAdam } from './adamw-pytorch-adam.js';
import { lionSignum } from './lion-signum.js';
import { momentumSgd } from './momentum-sgd.js';
import { nadamNesterov } from './nadam-nesterov.js';
import { nadamSignSgd } from './nadam-sign-sgd.js';
import { nesterovSgd } from './nesterov-sgd.js';
import { qhadamAdam } from './qhadam-adam.js';
import { qhmMomentum } from './qhm-momentum.js';
import { qhmNesterov } from './qhm-nesterov.js';
import { rmspropMomentum } from './rmsprop-momentum.js';
import { rmspropSignSgd } from './rmsprop-sign-sgd.js';
import { rmsterovNesterov } from './rmsterov-nesterov.js';
import { signumSignSgd } from './signum-sign-sgd.js';

/** Every inclusion that is known to hold and does not follow from others. */
export const relations: readonly Relation[] = [
  momentumSgd,
  nesterovSgd,
  rmspropMomentum,
  adamMomentum,
  rmsterovNesterov,
  nadamNesterov,
  adamPytorchMomentum,
  adamwAdam,
  adamwPytorchAdam,
  qhmMomentum,
  qhmNesterov,
  qhadamAdam,
  signumSignSgd,
  lionSignum,
  adamSignSgd,
  adamPytorchSignSgd,
  rmspropSignSgd,
  nadamSignSgd,
];
