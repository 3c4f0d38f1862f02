/**
 * Colours. In a page each is a CSS variable that follows the reader's light or dark setting; a stand-alone SVG has
 * the light ones.
 */
interface Color {
  variable: string;
  light: string;
  dark: string;
}

/**
 * Okabe and Ito's colour-blind-safe palette ("Color Universal Design", 2008), the pale ones darkened on white and
 * the deep ones lightened on black to keep a contrast of 3:1.
 */
const SERIES: Color[] = [
  ['#0072b2', '#4ba3dd'],
  ['#d55e00', '#ee7f2d'],
  ['#009473', '#2bc09a'],
  ['#b8578f', '#dd8fbb'],
  ['#b98000', '#f0b429'],
  ['#3a424b', '#eef1f4'],
  ['#2f9bd3', '#8fd0f7'],
  ['#8a8000', '#e9dd4f'],
].map(([light = '', dark = ''], i) => ({ variable: `--series-${i}`, light, dark }));

export const SERIES_COLORS = SERIES.length;

export const INK = '#1b1f24';
export const MUTED = '#5b6570';
export const GRID = '#e2e6ea';
const NEUTRAL: Color[] = [
  { variable: '--ink', light: INK, dark: '#e8ebee' },
  { variable: '--muted', light: MUTED, dark: '#9da7b1' },
  { variable: '--grid', light: GRID, dark: '#30363d' },
];

/** The colour of the i-th optimizer of a study; they repeat after eight. */
export function seriesColor(index: number): string {
  return (SERIES[index % SERIES.length] as Color).light;
}

/** Dashes tell the optimizers apart whose colour is the same. */
export function seriesDash(index: number): number[] {
  return [
    [1, 0],
    [6, 3],
    [2, 2],
  ][Math.floor(index / SERIES.length) % 3] as number[];
}

/** The CSS variable of the i-th optimizer's colour. */
export function seriesVariable(index: number): string {
  return `var(${(SERIES[index % SERIES.length] as Color).variable})`;
}

/** CSS declarations of all variables. */
export function paletteCss(theme: 'light' | 'dark'): string {
  return [...NEUTRAL, ...SERIES].map((color) => `${color.variable}:${color[theme]}`).join(';');
}

/** Puts white paper under an SVG that stands alone. */
export function onPaper(svg: string): string {
  return svg.replace('</desc>', '</desc><rect width="100%" height="100%" fill="#ffffff"/>');
}

/** Turns the fixed colours of an SVG into the page's variables. */
export function useVariables(svg: string): string {
  return [...NEUTRAL, ...SERIES].reduce(
    (text, { light, variable }) => text.replaceAll(`"${light}"`, `"var(${variable})"`),
    svg,
  );
}
