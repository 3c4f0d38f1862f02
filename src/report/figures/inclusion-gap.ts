import { bestOfK, powersOfTwoUpTo } from '../../stats/best-of-k.js';
import { quantile } from '../../stats/distribution.js';
import { probabilityBeats } from '../../stats/ranks.js';
import { findPath } from '../../taxonomy/index.js';
import { formatMetric, formatProbability, type Metric } from '../format.js';
import { MUTED, seriesColor, seriesDash } from '../palette.js';
import type { Competitor } from '../study-view.js';
import type { FigureFunction, Panel } from './figure.js';
import { legendAbove, trialsAxis } from './scales.js';

/** An optimizer of the study and one that includes it. */
interface Pair {
  label: string;
  included: Competitor;
  including: Competitor;
}

/** How often an optimizer beats one that it includes, against the number of trials (Choi et al. 2019, section 3). */
export const inclusionGap: FigureFunction = ({ competitors, metric }) => {
  const pairs = pairsOf(competitors);
  if (pairs.length === 0) return undefined;
  return {
    name: 'inclusion-gap',
    title: 'Does inclusion show?',
    caption:
      'The chance that an optimizer finds a better trial than one that it includes, when both have k trials. An optimizer ' +
      'that is tuned well enough, over a space wide enough, is never worse than what it includes: a line that stays below ' +
      'one half says that its space does not reach the other optimizer, or has more dimensions than the trials can search.',
    ownColors: true,
    groups: [{ panels: [panel(pairs)], table: gapTable(pairs, metric) }],
  };
};

function pairsOf(competitors: readonly Competitor[]): Pair[] {
  const tuned = competitors.filter(({ best, points }) => best && points.length > 1);
  return tuned.flatMap((included) =>
    tuned.flatMap((including) => {
      if (!included.rule || !including.rule) return [];
      if (!findPath(included.rule, including.rule)) return [];
      return [{ label: `${including.optimizer} over ${included.optimizer}`, included, including }];
    }),
  );
}

const mostTrials = ({ included, including }: Pair): number =>
  Math.min(included.points.length, including.points.length);

const values = ({ points }: Competitor): number[] => points.map(({ validation }) => validation);

const chance = ({ included, including }: Pair, k: number): number =>
  probabilityBeats(values(including), values(included), k);

function panel(pairs: readonly Pair[]): Panel {
  const labels = pairs.map(({ label }) => label);
  const most = Math.max(...pairs.map(mostTrials));
  const lines = pairs.flatMap((pair) =>
    powersOfTwoUpTo(mostTrials(pair)).map((k) => ({
      pair: pair.label,
      k,
      chance: chance(pair, k),
    })),
  );
  return {
    name: 'chance',
    size: 'full',
    description: pairs
      .map((pair) => {
        const [one, all] = [1, mostTrials(pair)].map((k) => formatProbability(chance(pair, k)));
        return `${pair.label}: ${one} with one trial each, ${all} with ${mostTrials(pair)}.`;
      })
      .join(' '),
    spec: (width) => {
      const channel = {
        field: 'pair',
        type: 'nominal' as const,
        sort: labels,
        legend: legendAbove(labels, width),
      };
      return {
        width,
        height: width < 500 ? 260 : 320,
        autosize: { type: 'fit-x', contains: 'padding' },
        layer: [
          {
            data: { values: [{ even: 0.5 }] },
            mark: { type: 'rule', color: MUTED, strokeDash: [4, 4] },
            encoding: { y: { field: 'even', type: 'quantitative' } },
          },
          {
            data: { values: lines },
            mark: { type: 'line', strokeWidth: 2.5, point: { size: 30 } },
            encoding: {
              x: { field: 'k', ...trialsAxis(most, width, 'number of trials of each') },
              y: {
                field: 'chance',
                type: 'quantitative',
                scale: { domain: [0, 1] },
                axis: {
                  title: 'chance of the including one',
                  format: '.0%',
                  values: [0, 0.25, 0.5, 0.75, 1],
                },
              },
              color: {
                ...channel,
                scale: { domain: labels, range: labels.map((_, i) => seriesColor(i)) },
              },
              strokeDash: {
                ...channel,
                scale: { domain: labels, range: labels.map((_, i) => seriesDash(i)) },
              },
            },
          },
        ],
      };
    },
  };
}

function gapTable(pairs: readonly Pair[], metric: Metric) {
  const most = Math.max(...pairs.map(mostTrials));
  const median = (competitor: Competitor, k: number) =>
    formatMetric(quantile(bestOfK(values(competitor), k), 0.5), metric);
  return {
    columns: [
      { label: 'trials', numeric: true },
      ...pairs.map(({ label }) => ({ label, numeric: true })),
    ],
    rows: powersOfTwoUpTo(most).map((k) => [
      String(k),
      ...pairs.map((pair) => {
        if (k > mostTrials(pair)) return '–';
        const { included, including } = pair;
        return `${median(including, k)} against ${median(included, k)}, ${formatProbability(chance(pair, k))}`;
      }),
    ]),
  };
}
