import type { Relation } from '../relation.js';
import { adamMomentum } from './adam-momentum.js';
import { momentumSgd } from './momentum-sgd.js';
import { nadamNesterov } from './nadam-nesterov.js';
import { nesterovSgd } from './nesterov-sgd.js';
import { rmspropMomentum } from './rmsprop-momentum.js';
import { rmsterovNesterov } from './rmsterov-nesterov.js';

/** Every inclusion that is known to hold. */
export const relations: readonly Relation[] = [
  momentumSgd,
  nesterovSgd,
  rmspropMomentum,
  adamMomentum,
  rmsterovNesterov,
  nadamNesterov,
];
