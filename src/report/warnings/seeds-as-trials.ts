import { canonicalJson } from '../../study/canonical-json.js';
import { eachCompetitor, type WarningDefinition } from './warning.js';

export const seedsAsTrials: WarningDefinition = {
  code: 'OC110',
  kind: 'seeds-as-trials',
  title: 'Seeds are counted as trials',
  explanation:
    'Trials with the same hyperparameters differ in their seed alone. The best of them is the luckiest seed, not the best ' +
    'tuned: their spread is noise of training, not of tuning.',
  advice: 'Use `repetitions` for seeds: a point then counts by the mean over them.',
  find: eachCompetitor(({ optimizer, points }) => {
    const settings = points.map(({ first }) => canonicalJson(first.trial.hyperparameters));
    if (points.length < 2 || new Set(settings).size > 1) return [];
    const message = `All ${points.length} trials of ${optimizer} have the same hyperparameters: they are seeds, and the best of them the luckiest.`;
    return [{ optimizer, message }];
  }),
};
