import * as vega from 'vega';
import { type Config, compile, type TopLevelSpec } from 'vega-lite';
import { escapeHtml } from './html.js';
import { mergeSymbols } from './merge-symbols.js';
import { GRID, INK, MUTED } from './palette.js';
import { textWidth } from './text-width.js';

const FONT = 'sans-serif';
const FONT_STACK = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";

const CONFIG: Config = {
  // The figure as a whole is labelled; a label on every mark would be read out one by one.
  aria: false,
  font: FONT,
  background: 'transparent',
  view: { stroke: null },
  axis: {
    labelColor: MUTED,
    titleColor: MUTED,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
    labelPadding: 6,
    labelLimit: 200,
    titleLimit: 400,
    gridColor: GRID,
    domainColor: GRID,
    tickColor: GRID,
    tickSize: 4,
  },
  axisY: { domain: false, ticks: false },
  legend: {
    labelColor: INK,
    titleColor: MUTED,
    labelFontSize: 12,
    labelLimit: 240,
    symbolSize: 90,
    columnPadding: 16,
    rowPadding: 4,
  },
  title: { color: INK, fontSize: 13, fontWeight: 600, anchor: 'start', offset: 8, limit: 280 },
};

/** What a reader who does not see the figure is told. */
export interface SvgText {
  title: string;
  description: string;
}

/**
 * Draws a Vega-Lite specification as SVG, without a browser.
 * @param id unique in the page the SVG goes to
 */
export async function renderSvg(spec: TopLevelSpec, id: string, text: SvgText): Promise<string> {
  textMetrics.width = measureText;
  const { spec: compiled } = compile(spec, { config: CONFIG });
  const view = new vega.View(vega.parse(compiled), { renderer: 'none' });
  try {
    return finish(await view.toSVG(), id, text);
  } finally {
    view.finalize();
  }
}

interface TextItem {
  fontSize?: number;
  /** Greatest width in pixels; longer texts end in an ellipsis. 0 is none. */
  limit?: number;
}

/** Vega exports this to be replaced, yet does not declare it. */
const { textMetrics } = vega as unknown as {
  textMetrics: { width: (item: TextItem, text: unknown) => number };
};

/** Vega guesses 0.8 em for every letter where there is no canvas; legends would be spaced far too wide. */
function measureText({ fontSize = 11, limit }: TextItem, text: unknown): number {
  return Math.min(textWidth(String(text ?? ''), fontSize), limit || Number.POSITIVE_INFINITY);
}

/** The drawing is one image with one text: what Vega says of its marks is noise, and of containers it is wrong. */
const MARK_ARIA = / (role="graphics-[^"]*"|aria-roledescription="[^"]*"|aria-label="[^"]*")/g;

/** Vega counts its clip paths over the life of the process. */
const CLIP = /(id="|url\(#)clip(\d+)/g;

function finish(svg: string, id: string, { title, description }: SvgText): string {
  const head =
    `<title id="${id}-title">${escapeHtml(title)}</title>` +
    `<desc id="${id}-desc">${escapeHtml(description)}</desc>`;
  const clips: string[] = [];
  return mergeSymbols(svg)
    .replace(
      '<svg ',
      `<svg role="img" aria-labelledby="${id}-title ${id}-desc" font-family="${FONT_STACK}" `,
    )
    .replace(/<svg [^>]*>/, (tag) => tag + head)
    .replaceAll(` font-family="${FONT}"`, '')
    .replace(/<[^>]*>/g, (tag) =>
      tag
        .replace(MARK_ARIA, '')
        .replace(/-?\d+\.\d{3,}/g, toHundredths)
        .replace(CLIP, (_, before, number) => {
          if (!clips.includes(number)) clips.push(number);
          return `${before}${id}-clip-${clips.indexOf(number)}`;
        }),
    );
}

/** Coordinates finer than the eye sees are dead weight. */
function toHundredths(number: string): string {
  return String(Math.round(Number(number) * 100) / 100);
}
