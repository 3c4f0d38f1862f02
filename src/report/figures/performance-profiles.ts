import { exactProfileScores, performanceProfiles } from '../../stats/performance-profile.js';
import { performanceRatios } from '../../stats/performance-ratios.js';
import { formatNumber, formatPlural } from '../format.js';
import type { Comparison, StudyFigureFunction } from './figure.js';
import { everywhere, lastLevels } from './last-levels.js';
import { optimizerLines } from './scales.js';

/** AlgoPerf looks no further: four times the fastest counts as never. */
const MAX_TAU = 4;

/** Steps to the targets over workloads as performance profiles (Dolan and Moré 2002; AlgoPerf). */
export const profiles: StudyFigureFunction = (comparisons) => {
  const workloads = lastLevels(comparisons).filter(({ view }) => view.target !== null);
  const competitors = everywhere(workloads);
  if (workloads.length < 2 || competitors.length < 2) return [];
  const names = competitors.map(({ optimizer }) => optimizer);
  const times = Object.fromEntries(
    names.map((name) => [
      name,
      Object.fromEntries(
        workloads.map((comparison) => [comparison.view.name, fewestSteps(comparison, name)]),
      ),
    ]),
  );
  const reached = Object.values(times)
    .flatMap((row) => Object.values(row))
    .some(Number.isFinite);
  if (!reached) return [];
  const ratios = performanceRatios(times);
  const { tau, profiles: lines } = performanceProfiles(ratios, { maxTau: MAX_TAU });
  const scores = exactProfileScores(ratios, 1, MAX_TAU);
  const order = [...names].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const points = names.flatMap((optimizer) =>
    [...tau].map((t, i) => ({ optimizer, tau: t, share: lines[optimizer]?.[i] ?? 0 })),
  );
  return [
    {
      name: 'performance-profiles',
      title: 'Who reaches the targets fastest over the workloads?',
      caption:
        `The share of ${formatPlural(workloads.length, 'workload')} on which an optimizer, at its best, needs at most τ times ` +
        'the steps of the fastest. Higher is better; the score is the area under the line up to τ = 4, as in AlgoPerf.',
      groups: [
        {
          panels: [
            {
              name: 'all',
              size: 'full',
              description: order
                .map((name) => `${name}: score ${formatNumber(scores[name] ?? 0)}.`)
                .join(' '),
              spec: (width) => ({
                data: { values: points },
                width,
                height: width < 500 ? 260 : 320,
                autosize: { type: 'fit-x', contains: 'padding' },
                mark: { type: 'line', strokeWidth: 2.5, interpolate: 'step-after' },
                encoding: {
                  x: {
                    field: 'tau',
                    type: 'quantitative',
                    scale: { domain: [1, MAX_TAU], nice: false },
                    axis: {
                      title: 'τ: steps over those of the fastest',
                      grid: false,
                      tickCount: 7,
                    },
                  },
                  y: {
                    field: 'share',
                    type: 'quantitative',
                    scale: { domain: [0, 1] },
                    axis: { title: 'share of workloads', format: '.0%' },
                  },
                  ...optimizerLines(competitors, names, width),
                },
              }),
            },
          ],
          table: {
            columns: [
              { label: 'optimizer' },
              { label: 'score', numeric: true },
              ...workloads.map(({ view }) => ({ label: `τ on ${view.name}`, numeric: true })),
            ],
            rows: order.map((name) => [
              name,
              formatNumber(scores[name] ?? 0),
              ...workloads.map(({ view }) => {
                const ratio = ratios[name]?.[view.name] ?? Number.POSITIVE_INFINITY;
                return Number.isFinite(ratio) ? formatNumber(ratio) : 'not within 4';
              }),
            ]),
          },
        },
      ],
    },
  ];
};

function fewestSteps({ view }: Comparison, optimizer: string): number {
  const found = view.competitors.find((own) => own.optimizer === optimizer);
  const steps = (found?.points ?? []).map(({ stepsToTarget }) => stepsToTarget);
  return Math.min(Number.POSITIVE_INFINITY, ...steps.filter((value) => !Number.isNaN(value)));
}
