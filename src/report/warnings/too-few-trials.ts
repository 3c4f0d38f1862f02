import { formatPlural } from '../format.js';
import { eachCompetitor, type WarningDefinition } from './warning.js';

/** Below this number of results the best of them says little about the optimizer. */
const FEW_TRIALS = 10;

export const tooFewTrials: WarningDefinition = {
  code: 'OC105',
  kind: 'too-few-trials',
  title: 'Fewer than ten trials',
  explanation: 'The best of a handful of trials tells more about luck than about the optimizer.',
  advice: 'Run more trials: raise `trials` in the study file and run it again.',
  find: eachCompetitor(({ optimizer, points, best }) => {
    if (!best || points.length >= FEW_TRIALS) return [];
    const message = `${optimizer} was tuned with ${formatPlural(points.length, 'trial')} only; with fewer than ${FEW_TRIALS} its best is largely luck.`;
    return [{ optimizer, message }];
  }),
};
