import { averageRanks } from './average-ranks.js';
import { beats } from './beats.js';
import { bestOfTrials } from './best-of-trials.js';
import { cost } from './cost.js';
import type { FigureFunction, StudyFigureFunction } from './figure.js';
import { finalRuns } from './final-runs.js';
import { hyperparameters } from './hyperparameters.js';
import { importance } from './importance.js';
import { inclusionGap } from './inclusion-gap.js';
import { learningCurves } from './learning-curves.js';
import { parallelCoordinates } from './parallel-coordinates.js';
import { profiles } from './performance-profiles.js';
import { progression } from './progression.js';
import { ranking } from './ranking.js';
import { robustness } from './robustness.js';
import { stepsToTarget } from './steps-to-target.js';
import { trainingLoss } from './training-loss.js';

/** The figures of a report, in its order. */
export const FIGURES: readonly FigureFunction[] = [
  ranking,
  finalRuns,
  beats,
  stepsToTarget,
  learningCurves,
  bestOfTrials,
  inclusionGap,
  cost,
  trainingLoss,
  robustness,
  hyperparameters,
  parallelCoordinates,
  importance,
];

/** The figures over all comparisons of a study. */
export const STUDY_FIGURES: readonly StudyFigureFunction[] = [progression, averageRanks, profiles];
