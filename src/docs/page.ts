/** A generated part of the documentation. */
export interface Page {
  /** From `docs/`. */
  path: string;
  content: string;
}
