import {
  formatCount,
  formatDifference,
  formatList,
  formatMetric,
  formatOutcome,
  formatProbability,
  formatSetting,
} from './format.js';
import type { Competitor, WorkloadView } from './study-view.js';
import type { RankingRow, WorkloadSummary } from './summary.js';

/** The answer in plain language. */
export interface Verdict {
  /** One line: who won. */
  headline: string;
  /** Sentences: by how much, how sure, on test. */
  sentences: string[];
}

export function verdict(summary: WorkloadSummary): Verdict {
  const { rows, metric, k } = summary;
  const feasible = rows.filter(({ best }) => best !== null);
  const [winner, runnerUp] = feasible;
  if (!winner?.validation) {
    const headline = 'No optimizer has a feasible trial yet';
    return { headline, sentences: ['There is nothing to compare before a trial has finished.'] };
  }
  const test = winner.test
    ? ` On the test set that trial has ${formatMetric(winner.test.value, metric)}.`
    : '';
  if (!runnerUp?.validation || !winner.ranks) {
    const headline = `${winner.optimizer} ${formatOutcome(winner.validation.value, metric)}`;
    return { headline, sentences: [`There is no other optimizer to compare it with.${test}`] };
  }
  const gap = formatDifference(runnerUp.validation.value - winner.validation.value, metric);
  const tied = runnerUp.validation.value === winner.validation.value;
  return {
    headline: headline(feasible, winner.ranks.first, tied),
    sentences: [
      `The best trial of ${winner.optimizer} ${formatOutcome(winner.validation.value, metric)}, ` +
        (tied
          ? `the same as the best of ${runnerUp.optimizer}.`
          : `${gap} below the best of ${runnerUp.optimizer}, which came second.`) +
        test,
      `If each optimizer were tuned again with ${formatCount(k)} ${k === 1 ? 'trial' : 'trials'}, ${winner.optimizer} would come first in about ` +
        `${formatProbability(winner.ranks.first)} of the repeats` +
        (feasible.length > 2 && winner.probabilityBeatsNext !== null
          ? ` and beat ${runnerUp.optimizer} in ${formatProbability(winner.probabilityBeatsNext)}.`
          : '.'),
    ],
  };
}

function headline(rows: readonly RankingRow[], first: number, tied: boolean): string {
  const [winner, runnerUp] = rows.map(({ optimizer }) => optimizer);
  if (tied) return `${winner} and ${runnerUp} are level`;
  if (first >= 0.95) return `${winner} is best, almost certainly`;
  if (first >= 0.8) return `${winner} is best, most likely`;
  if (first >= 0.6) return `${winner} leads, though not for sure`;
  return `${winner} leads, but it is too close to call`;
}

/** What was not tuned, a sentence for each way of not tuning; empty when everything was. */
export function untunedSentences({ competitors }: WorkloadView): string[] {
  const sentences = [
    { what: 'Left at their defaults', byDefault: true },
    { what: 'Fixed by the study', byDefault: false },
  ].flatMap(({ what, byDefault }) => {
    const parts = competitors.flatMap((competitor) => namesOf(competitor, byDefault));
    return parts.length > 0 ? [`${what}: ${parts.join('; ')}.`] : [];
  });
  const constant = competitors.filter(({ schedule }) => schedule === 'constant');
  if (constant.length === 0) return sentences;
  const who = constant.length === competitors.length ? 'every optimizer' : listOf(constant);
  return [...sentences, `The learning rate of ${who} was constant over the run.`];
}

function namesOf({ optimizer, untuned }: Competitor, byDefault: boolean): string[] {
  const settings = untuned
    .filter((setting) => setting.byDefault === byDefault)
    .map(({ name, value }) => `${name} = ${formatSetting(value)}`);
  return settings.length > 0 ? [`${optimizer} (${settings.join(', ')})`] : [];
}

function listOf(competitors: readonly Competitor[]): string {
  return formatList(competitors.map(({ optimizer }) => optimizer));
}
