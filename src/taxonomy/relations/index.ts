import type { Relation } from '../relation.js';
import { adagradPytorchAdagrad } from './adagrad-pytorch-adagrad.js';
import { adagradSgd } from './adagrad-sgd.js';
import { adamMomentum } from './adam-momentum.js';
import { adamPytorchMomentum } from './adam-pytorch-momentum.js';
import { adamPytorchSignSgd } from './adam-pytorch-sign-sgd.js';
import { adamSignSgd } from './adam-sign-sgd.js';
import { adamaxMomentum } from './adamax-momentum.js';
import { adamaxSignSgd } from './adamax-sign-sgd.js';
import { adamwAdam } from './adamw-adam.js';
import { adamwPytorchAdam } from './adamw-pytorch-adam.js';
import { amsgradMomentum } from './amsgrad-momentum.js';
import { dadaptAdamHeavyBall } from './dadapt-adam-heavy-ball.js';
import { heavyBallSgd } from './heavy-ball-sgd.js';
import { lambAdamw } from './lamb-adamw.js';
import { larsHeavyBall } from './lars-heavy-ball.js';
import { lionSignum } from './lion-signum.js';
import { momentumHeavyBall } from './momentum-heavy-ball.js';
import { momentumPytorchMomentum } from './momentum-pytorch-momentum.js';
import { momentumSgd } from './momentum-sgd.js';
import { nadamNesterov } from './nadam-nesterov.js';
import { nadamSignSgd } from './nadam-sign-sgd.js';
import { nadamwNadam } from './nadamw-nadam.js';
import { nadamwPytorchNadam } from './nadamw-pytorch-nadam.js';
import { nesterovSgd } from './nesterov-sgd.js';
import { prodigyAdam } from './prodigy-adam.js';
import { qhadamAdam } from './qhadam-adam.js';
import { qhmMomentum } from './qhm-momentum.js';
import { qhmNesterov } from './qhm-nesterov.js';
import { radamMomentum } from './radam-momentum.js';
import { rmspropMomentum } from './rmsprop-momentum.js';
import { rmspropSignSgd } from './rmsprop-sign-sgd.js';
import { rmsterovNesterov } from './rmsterov-nesterov.js';
import { shampooMomentum } from './shampoo-momentum.js';
import { signumSignSgd } from './signum-sign-sgd.js';
import { sophiaGMomentum } from './sophia-g-momentum.js';
import { sophiaGSignum } from './sophia-g-signum.js';

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
  sophiaGSignum,
  sophiaGMomentum,
  adamSignSgd,
  adamPytorchSignSgd,
  rmspropSignSgd,
  nadamSignSgd,
  adagradPytorchAdagrad,
  adagradSgd,
  adamaxMomentum,
  adamaxSignSgd,
  amsgradMomentum,
  heavyBallSgd,
  momentumHeavyBall,
  momentumPytorchMomentum,
  nadamwNadam,
  nadamwPytorchNadam,
  radamMomentum,
  larsHeavyBall,
  lambAdamw,
  shampooMomentum,
  prodigyAdam,
  dadaptAdamHeavyBall,
];
