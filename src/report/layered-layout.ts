/** A box of a drawing in layers, and the boxes it is above. */
export interface LayeredNode {
  id: string;
  width: number;
  below: readonly string[];
}

export interface Place {
  /** Of the middle, from the left. */
  x: number;
  /** From the bottom, 0 first. */
  layer: number;
}

export interface Layout {
  places: ReadonlyMap<string, Place>;
  /** Where the line from one box down to another passes on the layers between, by `above below`. */
  bends: ReadonlyMap<string, readonly Place[]>;
  width: number;
  layers: number;
}

const GAP = 28;
const BEND_WIDTH = 12;
const SWEEPS = 12;

/** A box or a bend on its layer. */
interface Item {
  id: string;
  width: number;
  layer: number;
  x: number;
  neighbours: Item[];
}

/**
 * Places boxes on layers, each above all that it is above, after Sugiyama, Tagawa and Toda (1981): layers by the longest
 * way down, lines that pass a layer bend there, and boxes go where the mean of their neighbours is.
 *
 * @throws RangeError when the boxes go round in a circle
 */
export function layeredLayout(nodes: readonly LayeredNode[]): Layout {
  const layerOf = longestWaysDown(nodes);
  const items = new Map<string, Item>(
    nodes.map(({ id, width }) => [id, { id, width, layer: layerOf(id), x: 0, neighbours: [] }]),
  );
  const bends = new Map<string, Item[]>();
  for (const { id, below } of nodes) {
    for (const other of below) {
      const [from, to] = [items.get(id), items.get(other)];
      if (from && to) bends.set(`${id} ${other}`, connect(from, to));
    }
  }
  const layers = layersOf([...items.values(), ...[...bends.values()].flat()]);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const layer of sweep % 2 === 0 ? layers : layers.toReversed()) settle(layer);
  }
  return finish(items, bends, layers);
}

function longestWaysDown(nodes: readonly LayeredNode[]): (id: string) => number {
  const below = new Map(nodes.map((node) => [node.id, node.below]));
  const known = new Map<string, number>();
  const visit = (id: string, above: readonly string[]): number => {
    if (above.includes(id)) throw new RangeError(`${[...above, id].join(' > ')} is a circle`);
    const depth =
      known.get(id) ??
      Math.max(-1, ...(below.get(id) ?? []).map((other) => visit(other, [...above, id]))) + 1;
    known.set(id, depth);
    return depth;
  };
  return (id) => visit(id, []);
}

/** Makes the bends of a line that goes down over more than one layer. */
function connect(from: Item, to: Item): Item[] {
  const bends = Array.from({ length: from.layer - to.layer - 1 }, (_, k): Item => {
    const id = `${from.id} ${to.id} ${k}`;
    return { id, width: BEND_WIDTH, layer: from.layer - 1 - k, x: 0, neighbours: [] };
  });
  const line = [from, ...bends, to];
  for (const [k, item] of line.entries()) {
    for (const neighbour of [line[k - 1], line[k + 1]])
      if (neighbour) item.neighbours.push(neighbour);
  }
  return bends;
}

function layersOf(items: readonly Item[]): Item[][] {
  const count = 1 + Math.max(...items.map(({ layer }) => layer));
  const layers = Array.from({ length: count }, (_, k) => items.filter(({ layer }) => layer === k));
  for (const layer of layers) spread(layer);
  return layers;
}

/** Side by side, centred at 0. */
function spread(layer: readonly Item[]): void {
  const total = layer.reduce((sum, { width }) => sum + width + GAP, -GAP);
  let left = -total / 2;
  for (const item of layer) {
    item.x = left + item.width / 2;
    left += item.width + GAP;
  }
}

/** Moves each to the mean of its neighbours, as far as the others leave room. */
function settle(layer: Item[]): void {
  const wish = new Map(
    layer.map((item) => [item, mean(item.neighbours.map(({ x }) => x)) ?? item.x]),
  );
  layer.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
  spread(layer);
  const shift = mean(layer.map((item) => (wish.get(item) ?? 0) - item.x)) ?? 0;
  for (const item of layer) item.x += shift;
  pull(layer, wish, 1);
  pull(layer.toReversed(), wish, -1);
}

/** From one side on, moves each as near to its wish as the one before and its own place allow. */
function pull(layer: readonly Item[], wish: ReadonlyMap<Item, number>, direction: 1 | -1): void {
  let edge = Number.NEGATIVE_INFINITY;
  for (const item of layer) {
    const least = edge + GAP + item.width / 2;
    const here = direction * item.x;
    const wished = direction * (wish.get(item) ?? item.x);
    const x = Math.max(least, Math.min(here, wished));
    item.x = direction * x;
    edge = x + item.width / 2;
  }
}

const mean = (values: readonly number[]): number | undefined =>
  values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : undefined;

function finish(
  items: ReadonlyMap<string, Item>,
  bends: ReadonlyMap<string, readonly Item[]>,
  layers: readonly (readonly Item[])[],
): Layout {
  const all = layers.flat();
  const left = Math.min(...all.map(({ x, width }) => x - width / 2));
  const right = Math.max(...all.map(({ x, width }) => x + width / 2));
  const place = ({ x, layer }: Item): Place => ({ x: x - left, layer });
  return {
    places: new Map([...items].map(([id, item]) => [id, place(item)])),
    bends: new Map([...bends].map(([id, line]) => [id, line.map(place)])),
    width: right - left,
    layers: layers.length,
  };
}
