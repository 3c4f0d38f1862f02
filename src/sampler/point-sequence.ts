/** Points of the unit cube, each computable alone. */
export interface PointSequence {
  readonly dimensions: number;
  /** How many points there are. */
  readonly count: number;
  /** The `index`-th point, from 0: one coordinate in [0, 1] a dimension. */
  point(index: number): number[];
}
