import { align } from './align.js';

/** Rows of cells as lines, each column as wide as its widest cell; columns that hold a number to the right. */
export function columns(rows: readonly (readonly (string | number)[])[]): string[] {
  const width = rows[0]?.length ?? 0;
  const texts = Array.from({ length: width }, (_, k) => k).filter((k) =>
    rows.every((row) => typeof row[k] !== 'number'),
  );
  return align(
    rows.map((row) => row.map(format)),
    new Set(texts),
  );
}

const format = (cell: string | number): string =>
  typeof cell === 'number' ? cell.toLocaleString('en-US') : cell;
