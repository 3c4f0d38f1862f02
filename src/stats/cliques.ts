/**
 * The largest groups in which every two are related, none within another (Bron and Kerbosch 1973): the bars of a
 * critical-difference diagram.
 * @param members in the order that groups list them in
 * @returns groups of 2 or more, ordered by their first members
 */
export function cliques(
  members: readonly number[],
  related: (a: number, b: number) => boolean,
): number[][] {
  const found: number[][] = [];
  const grow = (group: number[], candidates: number[], excluded: number[]): void => {
    if (candidates.length === 0 && excluded.length === 0 && group.length > 1) found.push(group);
    let [open, closed] = [candidates, excluded];
    for (const next of candidates) {
      const known = (other: number) => related(next, other);
      open = open.filter((other) => other !== next);
      grow([...group, next], open.filter(known), closed.filter(known));
      closed = [...closed, next];
    }
  };
  grow([], [...members], []);
  return found;
}
