/** A group of marks that Vega labels, each with a number: the trial that it shows. */
const LABELLED =
  /<g class="mark-symbol [^"]*" role="graphics-object"[^>]*>((?:<path aria-label="[^"]*"[^>]*\/>)+)<\/g>/g;

const MARK =
  /<path aria-label="([^"]*)"[^>]*? transform="translate\(([^,]+),([^)]+)\)" d="([^"]*)"([^>]*)\/>/g;

interface Symbol {
  label: string;
  x: number;
  y: number;
  outline: string;
  style: string;
}

/**
 * Draws the labelled symbols of a mark, all of one shape and style, as one path: a page opens 50,000 dots of a few
 * paths at once, and of as many elements in seconds. Their labels, which are numbers of trials, go to `data-trials`,
 * in the order of the dots.
 */
export function mergeSymbols(svg: string): string {
  return svg.replace(LABELLED, (_, marks: string) => {
    const symbols = [...marks.matchAll(MARK)].map(
      ([, label = '', x, y, outline = '', style = '']): Symbol => ({
        label,
        x: Number(x),
        y: Number(y),
        outline,
        style,
      }),
    );
    const [first] = symbols;
    return first ? onePath(symbols, first) : '';
  });
}

function onePath(symbols: readonly Symbol[], { outline, style }: Symbol): string {
  const labels = symbols.map(({ label }) => label).join(' ');
  const radius = /^M(-?[\d.]+),0A/.exec(outline)?.[1];
  const isFilledDot = radius !== undefined && style.includes(' fill="');
  const d = isFilledDot
    ? symbols.map(({ x, y }) => `M${short(x)},${short(y)}h0`)
    : symbols.map(({ x, y }) => moved(outline, x, y));
  return `<path data-trials="${labels}" d="${d.join('')}"${isFilledDot ? asStroke(style, 2 * Number(radius)) : style}/>`;
}

/** A line of no length with round ends is a dot. */
function asStroke(style: string, width: number): string {
  const [, color = ''] = / fill="([^"]*)"/.exec(style) ?? [];
  const rest = style.replace(/ (fill|stroke|stroke-width)="[^"]*"/g, '');
  return ` fill="none" stroke="${color}" stroke-width="${short(width)}" stroke-linecap="round"${rest}`;
}

/** An outline of absolute coordinates, elsewhere. Arcs have their end last, after radii and flags. */
function moved(outline: string, x: number, y: number): string {
  return outline.replace(/([MLA])([^MLAZ]*)/g, (_, command: string, text: string) => {
    const numbers = text.split(',').map(Number);
    const end = numbers.length - 2;
    const at = numbers.map((n, i) => (i === end ? n + x : i === end + 1 ? n + y : n));
    return command + at.map(short).join(',');
  });
}

/** Finer than the eye sees is dead weight. */
const short = (n: number): string => String(Math.round(n * 100) / 100);
