import { terminalWidth } from './terminal-width.js';

/**
 * Pads cells to columns, two spaces apart; the columns in `left` to the left, the others (numbers) to the right.
 * The first row says how many columns there are.
 */
export function align(rows: readonly (readonly string[])[], left: ReadonlySet<number>): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => terminalWidth(row[column] ?? ''))),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - terminalWidth(cell));
        return left.has(column) ? cell + padding : padding + cell;
      })
      .join('  ')
      .trimEnd(),
  );
}
