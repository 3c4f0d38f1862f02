import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { StudyData } from '../store/records.js';
import { bestOfKCsv, measurementsCsv, rankingCsv, trialsCsv } from './csv.js';
import type { Figure, Panel } from './figures/figure.js';
import { FIGURES, STUDY_FIGURES } from './figures/index.js';
import { rankingLatex, spacesLatex } from './latex.js';
import { type DrawnFigure, renderPage, type WorkloadSection } from './page.js';
import { onPaper, useVariables } from './palette.js';
import { renderSvg } from './render-svg.js';
import { viewStudy } from './study-view.js';
import { type StudySummary, type SummaryOptions, summarizeViews } from './summary.js';

/** Paths of the files written. */
export interface ReportFiles {
  html: string;
  csv: string[];
  tex: string[];
  svg: string[];
  /** Empty unless asked for. */
  png: string[];
}

export interface ReportOptions extends SummaryOptions {
  /** Whether figures are written as PNG as well. Default false. */
  png?: boolean;
}

export interface Report {
  summary: StudySummary;
  html: string;
  /** Contents by file name. */
  csv: Map<string, string>;
  tex: Map<string, string>;
  svg: Map<string, string>;
}

/** Widths, in pixels, that panels are drawn for. */
const WIDTHS = { full: 1016, narrow: 360, small: 330 };

/**
 * Writes a study's report: one HTML file that needs no other, and the tables and figures as files.
 *
 * @param target a path that ends in `.html`: the page goes there, the other files into the folder beside it that has
 *   its name without the ending. Else a folder, with the page as `index.html`. Folders are made as needed.
 * @throws {RangeError} as `summarize`
 */
export async function writeReport(
  data: StudyData,
  target: string,
  { png = false, ...options }: ReportOptions = {},
): Promise<ReportFiles> {
  return saveReport(await renderReport(data, options), target, png);
}

/** Writes a report that is drawn already; `target` as {@link writeReport} has it. */
export async function saveReport(
  report: Report,
  target: string,
  png: boolean,
): Promise<ReportFiles> {
  const isFile = /^\.html?$/i.test(extname(target));
  const folder = isFile ? join(dirname(target), basename(target, extname(target))) : target;
  const page = isFile ? target : join(target, 'index.html');
  const figures = join(folder, 'figures');
  await mkdir(figures, { recursive: true });
  await writeFile(page, report.html);
  return {
    html: page,
    csv: await writeAll(folder, report.csv),
    tex: await writeAll(folder, report.tex),
    svg: await writeAll(figures, report.svg),
    png: png ? await writeAll(figures, await asPng(report.svg)) : [],
  };
}

/** As {@link writeReport}, in memory. */
export async function renderReport(data: StudyData, options: SummaryOptions = {}): Promise<Report> {
  const views = viewStudy(data, options);
  const summary = summarizeViews(data, views, options);
  const svg = new Map<string, string>();
  const sections: WorkloadSection[] = [];
  for (const [i, view] of views.entries()) {
    const workload = summary.workloads[i];
    if (!workload) continue;
    const figures: DrawnFigure[] = [];
    for (const draw of FIGURES) {
      const figure = draw(view, workload);
      if (!figure) continue;
      const prefix = views.length > 1 ? `${slug(view.workload)}-` : '';
      figures.push(await drawFigure(figure, `w${i}`, prefix, svg));
    }
    sections.push({ view, summary: workload, figures });
  }
  const overall: DrawnFigure[] = [];
  for (const figure of STUDY_FIGURES.flatMap((draw) => draw(sections)))
    overall.push(await drawFigure(figure, 'study', '', svg));
  return {
    summary,
    html: renderPage(data, summary, sections, overall),
    csv: new Map([
      ['trials.csv', trialsCsv(views)],
      ['measurements.csv', measurementsCsv(data)],
      ['ranking.csv', rankingCsv(summary)],
      ['best-of-k.csv', bestOfKCsv(views)],
    ]),
    tex: new Map([
      ['ranking.tex', rankingLatex(summary)],
      ['spaces.tex', spacesLatex(views)],
    ]),
    svg,
  };
}

/** Draws every panel for the page, and adds it to the files under a name not yet taken. */
async function drawFigure(
  figure: Figure,
  id: string,
  prefix: string,
  files: Map<string, string>,
): Promise<DrawnFigure> {
  const drawings: DrawnFigure['drawings'] = [];
  for (const [g, group] of figure.groups.entries()) {
    const drawn = [];
    for (const [p, panel] of group.panels.entries()) {
      const draw = (width: number, variant: string) =>
        renderSvg(panel.spec(width), `${id}-${figure.name}-${g}-${p}-${variant}`, {
          title: group.title ? `${figure.title} ${group.title}` : figure.title,
          description: panel.description,
        });
      const wide = await draw(WIDTHS[panel.size], 'wide');
      files.set(freeName(`${prefix}${fileName(figure, panel)}`, files), onPaper(wide));
      const narrow = panel.size === 'full' ? await draw(WIDTHS.narrow, 'narrow') : null;
      drawn.push({ wide: useVariables(wide), narrow: narrow && useVariables(narrow) });
    }
    drawings.push(drawn);
  }
  return { figure, drawings };
}

function fileName(figure: Figure, panel: Panel): string {
  const panels = figure.groups.reduce((sum, group) => sum + group.panels.length, 0);
  return panels === 1 ? figure.name : `${figure.name}-${slug(panel.name)}`;
}

function freeName(stem: string, taken: Map<string, string>): string {
  let name = `${stem}.svg`;
  for (let i = 2; taken.has(name); i++) name = `${stem}-${i}.svg`;
  return name;
}

/** A name that is safe in any file system. */
function slug(name: string): string {
  const safe = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return safe.slice(0, 60).toLowerCase() || 'unnamed';
}

async function asPng(svg: ReadonlyMap<string, string>): Promise<Map<string, Buffer>> {
  // The renderer is a native module: who writes no PNG does not load it.
  const { renderPng } = await import('./render-png.js');
  const drawn = [...svg].map(
    async ([name, drawing]) => [name.replace(/svg$/, 'png'), await renderPng(drawing)] as const,
  );
  return new Map(await Promise.all(drawn));
}

async function writeAll(
  folder: string,
  files: ReadonlyMap<string, string | Buffer>,
): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, content] of files) {
    const path = join(folder, name);
    await writeFile(path, content);
    paths.push(path);
  }
  return paths;
}
