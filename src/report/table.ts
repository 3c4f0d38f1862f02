/** A table of ready texts, for a page or a terminal. */
export interface Table {
  columns: { label: string; numeric?: boolean }[];
  rows: string[][];
}
