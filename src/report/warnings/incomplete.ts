import { formatPlural } from '../format.js';
import type { TrialResult } from '../study-view.js';
import { eachCompetitor, type WarningDefinition } from './warning.js';

export const unfinished: WarningDefinition = {
  code: 'OC201',
  kind: 'unfinished',
  title: 'Trials have not finished',
  explanation: 'What is shown is of the trials that are done; those that are not may change it.',
  advice: '`optcmp run` goes on where the study stopped.',
  find: eachCompetitor(({ optimizer, trials }) => {
    const count = countOf(trials, 'waiting', 'running', 'paused');
    if (count === 0) return [];
    const verb = count === 1 ? 'has' : 'have';
    return [
      {
        optimizer,
        message: `${formatPlural(count, 'trial')} of ${optimizer} ${verb} not finished.`,
      },
    ];
  }),
};

export const failed: WarningDefinition = {
  code: 'OC202',
  kind: 'failed',
  title: 'Trials failed',
  explanation:
    'Their worker died or threw, after every retry. They are left out, unlike trials that diverged; if what they had in ' +
    'common matters, so does leaving them out.',
  advice: '`optcmp status` tells why; `optcmp run --retry-failed` tries them again.',
  find: eachCompetitor(({ optimizer, trials }) => {
    const count = countOf(trials, 'failed');
    if (count === 0) return [];
    const reason = trials.find(({ trial }) => trial.state === 'failed')?.trial.reason;
    const because = reason ? ` The first reason: ${reason}` : '';
    const message = `${formatPlural(count, 'trial')} of ${optimizer} failed and ${count === 1 ? 'is' : 'are'} left out.${because}`;
    return [{ optimizer, message }];
  }),
};

const countOf = (trials: readonly TrialResult[], ...states: string[]) =>
  trials.filter(({ trial }) => states.includes(trial.state)).length;
