import type { StudyData } from '../store/records.js';
import { findPath } from '../taxonomy/index.js';
import { formatCount, formatList, formatPlural, formatSeconds, formatSetting } from './format.js';
import { type Content, type Html, html } from './html.js';
import { htmlTable } from './html-table.js';
import { type AxisBounds, specEarlyStopping } from './spec.js';
import type { Competitor, WorkloadView } from './study-view.js';
import type { StudySummary } from './summary.js';

const SCALE_NAMES = { log: 'logarithmic', linear: 'linear', logit: 'logit', choice: 'one of' };

/** Keys of the study file that the page shows in tables of their own. */
const SHOWN_ELSEWHERE = new Set([
  ...['name', 'optimizers', 'workloads', 'objective'],
  ...['studies', 'merged', 'imported'],
]);

/** What of a trial counts. */
function score(view: WorkloadView | undefined): string {
  const { metric, curveMetric, over = 'best', counted = 'metric' } = view ?? {};
  const measured = curveMetric?.full ?? 'validation metric';
  if (counted !== 'metric')
    return `Its score is the ${counted} until its ${measured} was at the target (${metric?.label}); it ends there`;
  return over === 'final'
    ? `Its score is its last ${measured}, at the end of the run`
    : `Its score is its lowest ${measured} over the run`;
}

/** How the numbers came about, written from the study's own records. */
export function methods(
  { study }: StudyData,
  views: readonly WorkloadView[],
  summary: StudySummary,
): Html {
  return html`<section id="methods"><h2>How this was measured</h2>
    <p>Each optimizer has a search space of its own on each workload; spaces are never shared by name. A trial is one
    training run at one point of the space. ${score(views[0])}; where a point was
    run with several seeds, the mean of theirs. The best trial is chosen by validation alone, and the test metric is
    that of the same trial at the same step. Trials that diverged count as the worst possible; trials that failed or
    have not finished are left out and counted.</p>
    ${earlyStopping(study.spec)}
    <p>Intervals come from the bootstrap of trials: draw as many trials as there are, with replacement, keep the best by
    validation, ${formatCount(summary.resamples)} times (seed ${summary.seed}); they span the 5th to the 95th percentile. The curves of
    best against number of trials and the probabilities are computed in closed form for the same drawing; ties count
    one half. The procedure follows Choi et al., <cite>On Empirical Comparisons of Optimizers for Deep Learning</cite>
    (2019), arXiv:1910.05446, section 4 and appendix C.</p>
    <p>The intervals say how much the result depends on which points of the space were drawn. They do not cover other
    search spaces, budgets or data sets, and, without repetitions, not the training seed on its own.</p>
    ${inclusions(views)}
    <h3>Search spaces</h3>
    ${views.map((view) => spaces(view, views.length > 1))}
    <div class="columns"><div><h3>Study</h3>${facts(studyFacts(study, views))}</div>
    <div><h3>Machine</h3>${facts(Object.entries(study.machine))}</div></div>
    <details><summary>The whole study, as it was checked</summary><pre>${JSON.stringify(study.spec, null, 2)}</pre></details>
  </section>`;
}

function earlyStopping(spec: unknown): Html {
  const rule = specEarlyStopping(spec);
  return html`${
    rule &&
    html`<p>${rule} A trial that was stopped counts by what it had measured until then, and never as better than the best
    that ran to its end.</p>`
  }`;
}

/** Which of the study's update rules include which; nothing where none does. */
function inclusions(views: readonly WorkloadView[]): Html {
  const rules = new Set(views.flatMap(({ competitors }) => competitors.map(({ rule }) => rule)));
  const names = [...rules].filter((rule) => rule !== undefined);
  const sentences = names.flatMap((including) => {
    const below = names.filter((included) => findPath(included, including));
    return below.length > 0 ? [`${including} includes ${formatList(below)}`] : [];
  });
  return html`${
    sentences.length > 0 &&
    html`<p>Of the update rules, ${sentences.join('; ')}: every setting of the one is matched, exactly or in a limit, by one
    of the other, which therefore cannot be worse when it is tuned well enough over a space that reaches so far. optcmp's
    docs/TAXONOMY.md has the proofs.</p>`
  }`;
}

function spaces({ workload, competitors }: WorkloadView, named: boolean): Html {
  const rows = competitors.flatMap((competitor) =>
    competitor.axes.map((axis, i) => [
      i === 0 ? competitor.optimizer : '',
      axis.name,
      SCALE_NAMES[axis.scale],
      ...range(axis),
      bestAt(competitor, axis),
    ]),
  );
  const columns = [
    { label: 'optimizer' },
    { label: 'axis' },
    { label: 'scale' },
    { label: 'from', numeric: true },
    { label: 'to', numeric: true },
    { label: 'best trial', numeric: true },
  ];
  return html`${named && html`<h4>${workload}</h4>`}${htmlTable({ columns, rows })}`;
}

function range({ bounds, choices }: AxisBounds): [string, string] {
  if (bounds) return [formatSetting(bounds[0]), formatSetting(bounds[1])];
  return [choices?.map(formatSetting).join(', ') ?? '–', ''];
}

function bestAt({ best }: Competitor, { name }: AxisBounds): string {
  const value = best?.first.trial.point[name];
  return value === undefined ? '–' : formatSetting(value);
}

function studyFacts(study: StudyData['study'], views: readonly WorkloadView[]): [string, string][] {
  const trials = views.flatMap(({ competitors }) => competitors.flatMap((c) => c.trials));
  const seconds = trials.reduce((sum, { trial }) => sum + trial.seconds, 0);
  const spec = typeof study.spec === 'object' && study.spec !== null ? study.spec : {};
  const settings = Object.entries(spec)
    .filter(([key]) => !SHOWN_ELSEWHERE.has(key))
    .map(([key, value]): [string, string] => [key.replaceAll('_', ' '), setting(value)]);
  return [
    ['created', study.createdAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')],
    [
      'trials in all',
      `${formatPlural(trials.length, 'trial')}, ${formatSeconds(seconds)} of training`,
    ],
    ...settings,
    ['hash of the study', study.hash],
  ];
}

/** `{ epochs: 2 }` reads `2 epochs`. */
function setting(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, part]) => (typeof part === 'number' ? `${part} ${key}` : `${key}: ${String(part)}`))
    .join(', ');
}

function facts(entries: readonly (readonly [string, Content])[]): Html {
  return html`<dl>${entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}
