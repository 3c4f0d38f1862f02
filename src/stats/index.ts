/** Statistics of tuned comparisons: pure functions on arrays of metrics, which are minimised. */
export { type BestOfKOptions, bestOfK, bestOfKWeights, powersOfTwoUpTo } from './best-of-k.js';
export { type BootstrapOptions, bootstrapBest, bootstrapInterval } from './bootstrap.js';
export {
  type Distribution,
  distribution,
  type Interval,
  interval,
  quantile,
} from './distribution.js';
export { probabilityBeats, type RankInterval, rankInterval, rankProbabilities } from './ranks.js';
export { type CurvePoint, stepsToTarget } from './steps-to-target.js';
