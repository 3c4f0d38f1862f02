import { readFileSync } from 'node:fs';
import type { StudyData } from '../store/records.js';
import type { Figure, PanelGroup } from './figures/figure.js';
import {
  formatCount,
  formatMetric,
  formatPlural,
  formatProbability,
  formatRange,
  formatSeconds,
  formatSetting,
  type Metric,
} from './format.js';
import { type Html, html, trusted } from './html.js';
import { htmlTable } from './html-table.js';
import { methods } from './methods.js';
import { overallVerdict } from './overall-verdict.js';
import { pageTrials } from './page-trials.js';
import { SERIES_COLORS, seriesVariable } from './palette.js';
import type { Competitor, WorkloadView } from './study-view.js';
import { STYLE } from './style.js';
import type { Estimate, RankingRow, StudySummary, WorkloadSummary } from './summary.js';
import { untunedSentences, verdict } from './verdict.js';
import { WARNINGS, type Warning } from './warnings/index.js';

const SCRIPT = readFileSync(new URL('browser/interact.js', import.meta.url), 'utf8');

/** A figure and its drawings: `drawings[group][panel]`. */
export interface DrawnFigure {
  figure: Figure;
  drawings: { wide: string; narrow: string | null }[][];
}

/** A workload with everything the page shows of it. */
export interface WorkloadSection {
  view: WorkloadView;
  summary: WorkloadSummary;
  figures: DrawnFigure[];
}

/** The whole report as one HTML document that needs nothing from outside. */
export function renderPage(
  data: StudyData,
  summary: StudySummary,
  sections: readonly WorkloadSection[],
  overall: readonly DrawnFigure[],
): string {
  const { name } = data.study;
  const views = sections.map(({ view }) => view);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${name}: comparison of optimizers</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">Comparison of optimizers <span>${name}</span></p>
${sections.length > 1 && overview(sections)}
</header>
${optimizerFilter(views)}
${overall.map((figure) => figureSection(figure, 'study'))}
${sections.map((section, i) => workloadSection(section, i, sections.length > 1))}
${sections.length === 0 && html`<h1>No trials yet</h1><p>Run the study, then make this report again.</p>`}
${methods(data, views, summary)}
<footer>Made with optcmp from the study “${name}”, created ${data.study.createdAt.slice(0, 10)}.</footer>
</main>
<script type="application/json" id="trials">${embedded(pageTrials(views))}</script>
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`.text;
}

/** Check boxes for the page's script, which shows them. Colours repeat after eight: no more can be told apart. */
function optimizerFilter(views: readonly WorkloadView[]): Html | false {
  const names = new Map(
    views.flatMap(({ competitors }) => competitors.map((c) => [c.index, c.optimizer] as const)),
  );
  if (names.size < 2 || names.size > SERIES_COLORS) return false;
  const boxes = [...names].map(
    ([index, name]) =>
      html`<label class="name"><input type="checkbox" value="${index}" checked><i style="background:${seriesVariable(index)}"></i>${name}</label>`,
  );
  return html`<form id="filter" hidden aria-label="optimizers shown">${boxes}</form>`;
}

/** JSON inside a script element, which ends at the first `</script`. */
const embedded = (value: unknown): Html =>
  trusted(JSON.stringify(value).replaceAll('<', '\\u003c'));

function overview(sections: readonly WorkloadSection[]): Html {
  const hasLevels = sections.some(({ view }) => view.level !== '');
  const rows = sections.map(({ summary }, i) => [
    html`<a href="#workload-${i}">${summary.workload}</a>`,
    verdict(summary).headline,
    summary.rows[0]?.validation
      ? formatMetric(summary.rows[0].validation.value, summary.metric)
      : '–',
  ]);
  const columns = [
    { label: hasLevels ? 'workload and what was tuned' : 'workload' },
    { label: 'result' },
    { label: 'best validation', numeric: true },
  ];
  const { headline, sentences } = overallVerdict(sections);
  return html`<h1 class="verdict">${headline}</h1>
<div class="lead">${sentences.map((sentence) => html`<p>${sentence}</p>`)}</div>
<div class="overview">${htmlTable({ columns, rows })}</div>`;
}

function workloadSection(
  { view, summary, figures }: WorkloadSection,
  index: number,
  several: boolean,
): Html {
  const { headline, sentences } = verdict(summary);
  const untuned = untunedSentences(view);
  // One level below the verdict's.
  const tag = several ? html`h3` : html`h2`;
  const title = several
    ? html`<h2 class="verdict">${headline}</h2>`
    : html`<h1 class="verdict">${headline}</h1>`;
  return html`<section id="workload-${index}" class="workload" data-workload="${index}">
<p class="workload-name">on <strong>${summary.workload}</strong></p>
${title}
<div class="lead">${sentences.map((sentence) => html`<p>${sentence}</p>`)}</div>
${tiles(summary)}
<div class="notes">
<div><${tag}>Not tuned</${tag}>${
    untuned.length > 0
      ? untuned.map((sentence) => html`<p>${sentence}</p>`)
      : html`<p>Every hyperparameter of every optimizer was searched.</p>`
  }</div>
${warnings(summary, tag)}
</div>
<h2 class="ranking">Ranking</h2>
${rankingTable(view, summary)}
${figures.map((figure) => figureSection(figure, index))}
</section>`;
}

function tiles({ rows, metric }: WorkloadSummary): Html {
  const winner = rows.find(({ best }) => best !== null);
  const total = (count: (row: RankingRow) => number) =>
    rows.reduce((sum, row) => sum + count(row), 0);
  const done = total(({ points }) => points);
  const facts = [
    [metric.full, winner?.validation && formatMetric(winner.validation.value, metric)],
    [`test ${metric.label}`, winner?.test && formatMetric(winner.test.value, metric)],
    [rows.length === 1 ? 'optimizer' : 'optimizers', formatCount(rows.length)],
    [done === 1 ? 'trial' : 'trials', formatCount(done)],
    ['of training', formatSeconds(total(({ seconds }) => seconds))],
  ].filter(([, value]) => value);
  return html`<ul class="tiles">${facts.map(([label, value]) => html`<li><strong>${value}</strong><span>${label}</span></li>`)}</ul>`;
}

function warnings({ warnings }: WorkloadSummary, tag: Html): Html {
  if (warnings.length === 0) {
    return html`<div class="good"><${tag}>Checks passed</${tag}><p>No best trial is at a bound of its search space, trials are enough and equal in number, and the search has levelled off.</p></div>`;
  }
  return html`<div class="warnings"><${tag}>${formatPlural(warnings.length, 'caution')}</${tag}>
<ul>${warnings.map(warningItem)}</ul></div>`;
}

/** With why it matters and what to do behind a click. */
function warningItem({ code, message }: Warning): Html {
  const { explanation = '', advice = '' } = WARNINGS.find((known) => known.code === code) ?? {};
  return html`<li><details><summary>${message} <small>${code}</small></summary><p>${explanation}</p><p>${advice}</p></details></li>`;
}

function rankingTable(view: WorkloadView, { rows, metric, target, k }: WorkloadSummary): Html {
  const optional = <T>(present: boolean, ...items: T[]): T[] => (present ? items : []);
  const tested = rows.some(({ test }) => test !== null);
  const timed = target !== null;
  const columns = [
    { label: 'rank' },
    { label: 'optimizer' },
    { label: metric.full, numeric: true },
    ...optional(tested, { label: `test ${metric.label}`, numeric: true }),
    ...optional(timed, { label: `steps to ${formatMetric(target, metric)}`, numeric: true }),
    { label: 'comes first in', numeric: true },
    { label: 'beats the next in', numeric: true },
    { label: 'trials', numeric: true },
    { label: 'best hyperparameters' },
  ];
  const body = rows.map((row) => [
    row.rank,
    optimizerName(view, row.optimizer),
    metricCell(row.validation, metric),
    ...optional(tested, metricCell(row.test, metric)),
    ...optional(timed, stepsCell(row.stepsToTarget)),
    row.best && row.ranks ? formatProbability(row.ranks.first) : '–',
    row.probabilityBeatsNext === null ? '–' : formatProbability(row.probabilityBeatsNext),
    trialsCell(row),
    settingsCell(row, view),
  ]);
  return html`<div class="ranking-table">${htmlTable({ columns, rows: body })}</div>
<p class="caption">Small print under a number: its 5–95 % interval by the bootstrap. “Comes first in”: the share of repeats, with
${formatPlural(k, 'trial')} for every optimizer, in which it would rank first.${tested && ` The test ${metric.label} is that of the trial chosen by validation.`}</p>`;
}

function optimizerName({ competitors }: WorkloadView, name: string): Html {
  const index = competitors.find(({ optimizer }) => optimizer === name)?.index ?? 0;
  return html`<span class="name"><i style="background:${seriesVariable(index)}"></i>${name}</span>`;
}

function metricCell(estimate: Estimate | null, metric: Metric): Html {
  if (!estimate) return html`–`;
  const { value, low, high } = estimate;
  return html`<strong>${formatMetric(value, metric)}</strong><small>${formatRange(low, high, metric)}</small>`;
}

function stepsCell(estimate: Estimate | null): Html {
  if (!estimate) return html`–`;
  const { value, low, high } = estimate;
  return html`<strong>${stepsText(value)}</strong><small>${stepsText(low)} – ${stepsText(high)}</small>`;
}

function stepsText(value: number): string {
  return Number.isFinite(value) ? formatCount(value) : 'not reached';
}

function trialsCell({ trials }: RankingRow): Html {
  const left = trials.waiting + trials.running + trials.paused;
  const notes = [
    trials.stopped > 0 && `${trials.stopped} stopped early`,
    trials.infeasible > 0 && `${trials.infeasible} diverged`,
    trials.failed > 0 && `${trials.failed} failed`,
    left > 0 && `${left} to go`,
  ].filter((note) => note !== false);
  const total = Object.values(trials).reduce((sum, count) => sum + count, 0);
  return html`<strong>${formatCount(total)}</strong>${notes.length > 0 && html`<small>${notes.join(', ')}</small>`}`;
}

/** The hyperparameters that were tuned; the others are under “Not tuned”. */
function settingsCell({ optimizer, best }: RankingRow, { competitors }: WorkloadView): Html {
  if (!best) return html`–`;
  const competitor = competitors.find((c) => c.optimizer === optimizer) as Competitor;
  const untuned = new Set(competitor.untuned.map(({ name }) => name));
  const settings = Object.entries(best.hyperparameters).filter(([name]) => !untuned.has(name));
  return html`<span class="settings">${settings.map(([name, value]) => html`<span>${name} <b>${formatSetting(value)}</b></span> `)}</span>`;
}

/** So that the page's script finds what belongs to an optimizer. */
const seriesOf = ({ series }: { series?: number }): Html | false =>
  series !== undefined && html` data-series="${series}"`;

function figureSection({ figure, drawings }: DrawnFigure, place: number | 'study'): Html {
  const kind = figure.ownColors ? 'figure own-colors' : 'figure';
  return html`<section class="${kind}" id="${figure.name}-${place}">
<h2>${figure.title}</h2>
<p class="caption">${figure.caption}</p>
${figure.groups.map((group, g) => panelGroup(group, drawings[g] ?? []))}
</section>`;
}

function panelGroup(group: PanelGroup, drawings: DrawnFigure['drawings'][number]): Html {
  return html`<div class="group"${seriesOf(group)}>${group.title && html`<h3>${group.title}</h3>`}
<div class="panels">${group.panels.map((panel, i) => {
    const drawing = drawings[i];
    if (!drawing) return null;
    const { wide, narrow } = drawing;
    const series = seriesOf(panel);
    if (narrow === null)
      return html`<figure class="${panel.size}"${series}>${trusted(wide)}</figure>`;
    return html`<figure class="${panel.size}"${series}><div class="wide">${trusted(wide)}</div><div class="narrow">${trusted(narrow)}</div></figure>`;
  })}</div>
<details><summary>Data</summary>${htmlTable(group.table)}</details></div>`;
}
