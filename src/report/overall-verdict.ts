import type { Comparison } from './figures/figure.js';
import { lastLevels } from './figures/last-levels.js';
import { formatDifference, formatList, formatMetric, formatPlural } from './format.js';
import { groupBy } from './group-by.js';
import type { WorkloadSummary } from './summary.js';
import { type Verdict, verdict } from './verdict.js';

/** The answer of a study of several comparisons: over its workloads, and over the levels of its protocol. */
export function overallVerdict(comparisons: readonly Comparison[]): Verdict {
  const byWorkload = [...groupBy(comparisons, ({ view }) => view.name)];
  const [first] = byWorkload;
  if (first !== undefined && byWorkload.length === 1) return overLevels(first[1]);
  const last = lastLevels(comparisons);
  const flips = byWorkload.filter(([, levels]) => winnersOf(levels).length > 1);
  const { headline, sentences } = overWorkloads(last);
  if (flips.length === 0) return { headline, sentences };
  const where = formatList(flips.map(([workload]) => workload));
  return {
    headline,
    sentences: [...sentences, `The winner depends on what is tuned on ${where}.`],
  };
}

function overLevels(levels: readonly Comparison[]): Verdict {
  const winners = winnersOf(levels);
  const [from, to] = [levels[0], levels.at(-1)] as [Comparison, Comparison];
  const [before, after] = [from, to].map(({ summary }) => winnerOf(summary));
  const more = lowerFirst(verdict(to.summary).headline);
  const sentences = [
    certainty(levels, 'level'),
    `With ${tunedIn(to)} tuned, ${more}; ${spread(to.summary)}`,
  ];
  if (before === undefined || after === undefined)
    return { headline: verdict(to.summary).headline, sentences: [] };
  if (winners.length === 1)
    return { headline: `${after} leads at every level of tuning`, sentences };
  sentences.unshift(
    `Which optimizer comes first changes from level to level, so it says more about the tuning than about the optimizers.`,
  );
  const headline =
    before === after
      ? `The winner changes with what is tuned; ${after} leads at both ends`
      : `The winner changes with what is tuned: from ${before} to ${after}`;
  return { headline, sentences };
}

function overWorkloads(comparisons: readonly Comparison[]): Verdict {
  const wins = groupBy(
    comparisons.flatMap(({ summary }) => winnerOf(summary) ?? []),
    (winner) => winner,
  );
  const [most, ...others] = [...wins].sort(([, a], [, b]) => b.length - a.length);
  const all = formatPlural(comparisons.length, 'workload');
  if (most === undefined)
    return { headline: `${all}, none with a feasible trial yet`, sentences: [] };
  const [winner, won] = most;
  const certain = certainty(comparisons, 'workload');
  if (others.length === 0)
    return { headline: `${winner} leads on all ${all}`, sentences: [certain] };
  const isTied = others[0]?.[1].length === won.length;
  const headline = isTied
    ? `No optimizer leads on most of ${all}`
    : `${winner} leads on ${won.length} of ${all}`;
  const rest = others.map(([optimizer, places]) => `${optimizer} on ${places.length}`);
  const sentence = isTied
    ? `${winner} leads on ${won.length}, ${formatList(rest)}.`
    : `Elsewhere ${formatList(rest)} ${rest.length === 1 ? 'leads' : 'lead'}.`;
  return { headline, sentences: [sentence, certain] };
}

/** On how many of them the winner would come first again. */
function certainty(comparisons: readonly Comparison[], noun: string): string {
  const sure = comparisons.filter(({ summary }) => (summary.rows[0]?.ranks?.first ?? 0) >= 0.95);
  const all = formatPlural(comparisons.length, noun);
  const who = [...new Set(sure.flatMap(({ summary }) => winnerOf(summary) ?? []))];
  const named = who.length > 0 ? ` (${formatList(who)})` : '';
  const count = sure.length === 0 ? 'none' : sure.length;
  return `The first place is almost certain, at this budget of trials, on ${count} of ${all}${named}.`;
}

const winnerOf = ({ rows }: WorkloadSummary): string | undefined =>
  rows.find(({ best }) => best !== null)?.optimizer;

function winnersOf(levels: readonly Comparison[]): string[] {
  return [...new Set(levels.flatMap(({ summary }) => winnerOf(summary) ?? []))];
}

const tunedIn = ({ view }: Comparison) => `“${view.level}”`;

/** How far the best trials of all optimizers lie apart. */
function spread({ rows, metric }: WorkloadSummary): string {
  const values = rows.flatMap(({ validation }) =>
    validation !== null && Number.isFinite(validation.value) ? [validation.value] : [],
  );
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (values.length < 2) return 'no other optimizer has a result.';
  return `the best trials of all optimizers lie within ${formatDifference(high - low, metric)}, from ${formatMetric(low, metric)} to ${formatMetric(high, metric)}.`;
}

const lowerFirst = (text: string) =>
  text.startsWith('No ') ? text.charAt(0).toLowerCase() + text.slice(1) : text;
