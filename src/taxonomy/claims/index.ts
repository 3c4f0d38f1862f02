import type { Claim } from '../claim.js';
import { adamAdamw } from './adam-adamw.js';
import { adamMomentumConstant } from './adam-momentum-constant.js';
import { adamPytorchAdam } from './adam-pytorch-adam.js';
import { adamRmsprop } from './adam-rmsprop.js';
import { adamSignum } from './adam-signum.js';
import { amsgradAdam } from './amsgrad-adam.js';
import { momentumHeavyBallDecaying } from './momentum-heavy-ball-decaying.js';
import { momentumNesterov } from './momentum-nesterov.js';
import { nadamMomentum } from './nadam-momentum.js';
import { nesterovMomentum } from './nesterov-momentum.js';
import { qhadamAdamPaper } from './qhadam-adam-paper.js';
import { qhadamNadam } from './qhadam-nadam.js';
import { qhadamNesterov } from './qhadam-nesterov.js';
import { qhadamRmsprop } from './qhadam-rmsprop.js';
import { rmspropMomentumDecaying } from './rmsprop-momentum-decaying.js';

/** What does not hold, each with a counterexample. */
export const claims: readonly Claim[] = [
  nesterovMomentum,
  momentumNesterov,
  nadamMomentum,
  adamMomentumConstant,
  rmspropMomentumDecaying,
  adamRmsprop,
  adamPytorchAdam,
  adamAdamw,
  adamSignum,
  qhadamAdamPaper,
  qhadamNadam,
  qhadamRmsprop,
  qhadamNesterov,
  momentumHeavyBallDecaying,
  amsgradAdam,
];
