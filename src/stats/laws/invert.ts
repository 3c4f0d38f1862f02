/**
 * Where an increasing function reaches a value, by bisection down to neighbouring floats.
 * @param f increasing on `low` … `high`
 * @returns `low` or `high` when the value is reached beyond them
 */
export function invert(f: (x: number) => number, value: number, low: number, high: number): number {
  let [below, above] = [low, high];
  for (;;) {
    const middle = below + (above - below) / 2;
    if (middle <= below || middle >= above) return above;
    if (f(middle) < value) below = middle;
    else above = middle;
  }
}
