/** Statistics of tuned comparisons: pure functions on arrays of metrics, which are minimised. */
export {
  bcaInterval,
  type ConfidenceInterval,
  type IntervalOptions,
  percentileInterval,
} from './bca.js';
export {
  type BestOfKOptions,
  bestOfK,
  bestOfKWeights,
  chosenOfK,
  powersOfTwoUpTo,
} from './best-of-k.js';
export { bestStepsOfK } from './best-steps.js';
export {
  type BootstrapOptions,
  bootstrap,
  bootstrapBest,
  bootstrapInterval,
  type ResampleOptions,
  type Statistic,
} from './bootstrap.js';
export { cliques } from './cliques.js';
export {
  type Distribution,
  distribution,
  type Interval,
  interval,
  mean,
  quantile,
  variance,
} from './distribution.js';
export { type Equivalence, pairedEquivalence } from './equivalence.js';
export { type ExpectedBest, expectedBest } from './expected-best.js';
export { type ForestOptions, growForest, predict, type RegressionTree } from './forest.js';
export { type FriedmanTest, friedman, type WorkloadTable } from './friedman.js';
export { type AxisRange, functionalAnova, type Importances } from './functional-anova.js';
export { holm } from './holm.js';
export {
  type Duration,
  kaplanMeier,
  medianSteps,
  restrictedMean,
  type SurvivalCurve,
  type SurvivalPoint,
  survivalInterval,
} from './kaplan-meier.js';
export { pairedBootstrap } from './paired-bootstrap.js';
export { type PairedTTest, pairedTTest } from './paired-t.js';
export {
  exactProfileScores,
  type PerformanceProfiles,
  type ProfileOptions,
  performanceProfiles,
  profileScores,
} from './performance-profile.js';
export { performanceRatios, type RatioOptions, type WorkloadTimes } from './performance-ratios.js';
export {
  criticalDifference,
  type Nemenyi,
  nemenyi,
  type PostHoc,
  wilcoxonHolm,
} from './post-hoc.js';
export { type Bounds, bestOfKInterval, quantileInterval } from './quantile-interval.js';
export {
  type BeatsOptions,
  probabilityBeats,
  type RankInterval,
  rankInterval,
  rankProbabilities,
} from './ranks.js';
export { type SensitivityOptions, toleratedShare } from './sensitivity.js';
export { type SignTest, signTest } from './sign-test.js';
export { type CurvePoint, stepsToTarget } from './steps-to-target.js';
export { type Evaluation, type TimeToTargetOptions, timeToTarget } from './time-to-target.js';
export { axisTunability, gainOverDefault, type TunabilityOptions } from './tunability.js';
export { type Alternative, type SignedRankTest, wilcoxonSignedRank } from './wilcoxon.js';
