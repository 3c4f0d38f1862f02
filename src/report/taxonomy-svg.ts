import type { Claim } from '../taxonomy/claim.js';
import { memberTitle, type Relation } from '../taxonomy/index.js';
import { escapeHtml } from './html.js';
import { type Layout, layeredLayout, type Place } from './layered-layout.js';
import { textWidth } from './text-width.js';

const FONT_SIZE = 13;
const BOX_HEIGHT = 30;
const LAYER_HEIGHT = 86;
const MARGIN = 16;
const LEGEND_HEIGHT = 34;
const INK = '#1b1f24';
const MUTED = '#5b6570';
const PAPER = '#ffffff';
const WRONG = '#d55e00';

const STYLES = {
  exact: `stroke="${MUTED}" stroke-width="1.6"`,
  limit: `stroke="${MUTED}" stroke-width="1.6" stroke-dasharray="7 4"`,
  wrong: `stroke="${WRONG}" stroke-width="1.2" stroke-dasharray="1.5 3"`,
};

/** What is drawn as one box: optimizers that include one another. */
interface Group {
  id: string;
  title: string;
}

/**
 * The inclusion order as a stand-alone SVG: what includes is above what it includes, optimizers that include one another
 * share a box, and dotted lines are what one might believe and does not hold.
 */
export function taxonomySvg(relations: readonly Relation[], claims: readonly Claim[]): string {
  const groups = groupsOf(relations);
  const group = (name: string): string => groups.get(name)?.id ?? name;
  const boxes = [...new Map([...groups.values()].map((box) => [box.id, box])).values()];
  const lines = relations
    .map(({ included, including, limit }) => ({
      below: group(included),
      above: group(including),
      limit,
    }))
    .filter(({ below, above }) => below !== above);
  const layout = layeredLayout(
    boxes.map(({ id, title }) => ({
      id,
      width: boxWidth(title),
      below: [...new Set(lines.filter(({ above }) => above === id).map(({ below }) => below))],
    })),
  );
  const width = Math.max(layout.width + 2 * MARGIN, 560);
  const height =
    layout.layers * LAYER_HEIGHT - (LAYER_HEIGHT - BOX_HEIGHT) + 2 * MARGIN + LEGEND_HEIGHT;
  const y = (layer: number) => MARGIN + (layout.layers - 1 - layer) * LAYER_HEIGHT + BOX_HEIGHT / 2;
  const offset = (width - layout.width) / 2;
  const at = ({ x, layer }: Place): [number, number] => [x + offset, y(layer)];

  const drawn = lines.map(({ above, below, limit }) =>
    curve(pointsOf(layout, above, below).map(at), limit ? STYLES.limit : STYLES.exact),
  );
  const wrong = claims
    .filter(({ restriction }) => restriction === undefined)
    .flatMap(({ included, including }) => {
      const ends = [group(including), group(included)].map((id) => layout.places.get(id));
      const [a, b] = ends;
      return a && b && a !== b ? [bow(at(a), at(b))] : [];
    });
  const titles = boxes.flatMap(({ id, title }) => {
    const place = layout.places.get(id);
    return place ? [box(title, at(place))] : [];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="img" font-family="sans-serif" font-size="${FONT_SIZE}">`,
    '<title>The inclusion order of optimizers</title>',
    `<rect width="100%" height="100%" rx="6" fill="${PAPER}"/>`,
    ...wrong,
    ...drawn,
    ...titles,
    ...legend(height - LEGEND_HEIGHT / 2 - 4),
    '</svg>\n',
  ].join('\n');
}

/** Optimizers by name; those that include one another have the same group. */
function groupsOf(relations: readonly Relation[]): Map<string, Group> {
  const names = [...new Set(relations.flatMap(({ included, including }) => [included, including]))];
  const includes = (a: string, b: string) =>
    relations.some(({ included, including }) => including === a && included === b);
  return new Map(
    names.map((name) => {
      const equal = names.filter(
        (other) => other === name || (includes(name, other) && includes(other, name)),
      );
      return [name, { id: equal.join('='), title: equal.map(memberTitle).join(' = ') }];
    }),
  );
}

const boxWidth = (title: string): number => Math.max(64, textWidth(title, FONT_SIZE) + 20);
const round = (value: number): number => Math.round(value * 10) / 10;

function pointsOf({ places, bends }: Layout, above: string, below: string): Place[] {
  const [from, to] = [places.get(above), places.get(below)];
  return from && to ? [from, ...(bends.get(`${above} ${below}`) ?? []), to] : [];
}

/** Through all points, upright at each. */
function curve(points: readonly (readonly [number, number])[], style: string): string {
  const [first = [0, 0], ...rest] = points;
  let [x0, y0] = first;
  const parts = rest.map(([x, y]) => {
    const middle = (y0 + y) / 2;
    const part = `C${round(x0)} ${round(middle)} ${round(x)} ${round(middle)} ${round(x)} ${round(y)}`;
    [x0, y0] = [x, y];
    return part;
  });
  return `<path d="M${round(first[0])} ${round(first[1])}${parts.join('')}" fill="none" ${style}/>`;
}

/** A line that leaves the straight way by a little, so that it is not taken for one of the others. */
function bow([x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number]): string {
  const [mx, my] = [(x0 + x1) / 2 + (y1 - y0) / 6, (y0 + y1) / 2 - (x1 - x0) / 6];
  return `<path d="M${round(x0)} ${round(y0)}Q${round(mx)} ${round(my)} ${round(x1)} ${round(y1)}" fill="none" ${STYLES.wrong}/>`;
}

function box(title: string, [x, y]: readonly [number, number]): string {
  const width = boxWidth(title);
  return (
    `<rect x="${round(x - width / 2)}" y="${round(y - BOX_HEIGHT / 2)}" width="${round(width)}" height="${BOX_HEIGHT}" rx="6" fill="${PAPER}" stroke="${INK}"/>` +
    `<text x="${round(x)}" y="${round(y + 4.5)}" text-anchor="middle" fill="${INK}">${escapeHtml(title)}</text>`
  );
}

function legend(y: number): string[] {
  let x = MARGIN;
  return (
    [
      ['exact', 'included exactly'],
      ['limit', 'included in a limit'],
      ['wrong', 'not included, though it may seem so'],
    ] as const
  ).map(([style, text]) => {
    const part = `<path d="M${round(x)} ${round(y)}h28" fill="none" ${STYLES[style]}/><text x="${round(x + 34)}" y="${round(y + 4)}" font-size="12" fill="${MUTED}">${text}</text>`;
    x += 34 + textWidth(text, 12) + 14;
    return part;
  });
}
