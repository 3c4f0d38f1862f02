import { escapeHtml } from '../report/html.js';
import { textWidth } from '../report/text-width.js';

export interface Line {
  label: string;
  /** In order of x; both on [0, 1]. */
  points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 480;
const HEIGHT = 170;
const PLOT = { left: 36, right: 470, top: 30, bottom: 146 };
const COLORS = ['#0072b2', '#d55e00', '#009473'];
const INK = '#5b6570';
const GRID = '#e2e6ea';

const px = (x: number) => (PLOT.left + x * (PLOT.right - PLOT.left)).toFixed(1);
const py = (y: number) => (PLOT.bottom - y * (PLOT.bottom - PLOT.top)).toFixed(1);

/** Lines over the unit square, as a stand-alone SVG that reads on white and on black. */
export function lineChart(
  title: string,
  lines: readonly Line[],
  axes: { x: string; y: string },
): string {
  const ticks = [0, 0.5, 1];
  let legendX = PLOT.left;
  const legend = lines.map(({ label }, i) => {
    const at = legendX;
    legendX += textWidth(label, 11) + 36;
    return `<path d="M${at} 12h18" stroke="${COLORS[i]}" stroke-width="2"/><text x="${at + 23}" y="16">${escapeHtml(label)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" font-family="sans-serif" font-size="11" fill="${INK}">`,
    `<title>${escapeHtml(title)}</title>`,
    ...ticks.map(
      (y) =>
        `<path d="M${PLOT.left} ${py(y)}H${PLOT.right}" stroke="${GRID}"/><text x="${PLOT.left - 6}" y="${Number(py(y)) + 4}" text-anchor="end">${y}</text>`,
    ),
    ...ticks.map(
      (x) => `<text x="${px(x)}" y="${PLOT.bottom + 15}" text-anchor="middle">${x}</text>`,
    ),
    `<text x="${px(0.75)}" y="${PLOT.bottom + 15}" text-anchor="middle">${escapeHtml(axes.x)}</text>`,
    `<text x="${PLOT.right}" y="16" text-anchor="end">${escapeHtml(axes.y)}</text>`,
    ...lines.map(
      ({ points }, i) =>
        `<path d="M${points.map(([x, y]) => `${px(x)} ${py(y)}`).join('L')}" fill="none" stroke="${COLORS[i]}" stroke-width="2" stroke-linejoin="round"/>`,
    ),
    ...legend,
    '</svg>\n',
  ].join('\n');
}
