/** Rows of cells as lines, each column as wide as its widest cell; numbers to the right. */
export function columns(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, k) =>
    Math.max(...rows.map((row) => format(row[k]).length)),
  );
  return rows.map((row) =>
    row
      .map((cell, k) => {
        const width = widths[k] ?? 0;
        return typeof cell === 'number' ? format(cell).padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

const format = (cell: string | number | undefined): string =>
  typeof cell === 'number' ? cell.toLocaleString('en-US') : (cell ?? '');
