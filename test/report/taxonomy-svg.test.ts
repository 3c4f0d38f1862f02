import { describe, expect, it } from 'vitest';
import { layeredLayout } from '../../src/report/layered-layout.js';
import { taxonomySvg } from '../../src/report/taxonomy-svg.js';
import { claims, members, memberTitle, relations } from '../../src/taxonomy/index.js';

describe('layeredLayout', () => {
  const node = (id: string, ...below: string[]) => ({ id, width: 40, below });

  it('puts each above all that it is above, and bends long lines', () => {
    const { places, bends, layers } = layeredLayout([
      node('a'),
      node('b', 'a'),
      node('c', 'b', 'a'),
    ]);
    expect(['a', 'b', 'c'].map((id) => places.get(id)?.layer)).toEqual([0, 1, 2]);
    expect(bends.get('c a')?.map(({ layer }) => layer)).toEqual([1]);
    expect(bends.get('c b')).toEqual([]);
    expect(layers).toBe(3);
  });

  it('keeps boxes of a layer apart and inside the width', () => {
    const tops = Array.from({ length: 9 }, (_, k) => node(`t${k}`, `b${k % 4}`, `b${(3 * k) % 4}`));
    const { places, width } = layeredLayout([
      ...['b0', 'b1', 'b2', 'b3'].map((id) => node(id)),
      ...tops,
    ]);
    for (const layer of [0, 1]) {
      const xs = [...places.values()].filter((place) => place.layer === layer).map(({ x }) => x);
      const sorted = xs.sort((a, b) => a - b);
      for (const [k, x] of sorted.entries()) {
        expect(x).toBeGreaterThanOrEqual(20 - 1e-9);
        expect(x).toBeLessThanOrEqual(width - 20 + 1e-9);
        if (k > 0) expect(x - (sorted[k - 1] ?? 0)).toBeGreaterThan(40);
      }
    }
  });

  it('refuses circles', () => {
    expect(() => layeredLayout([node('a', 'b'), node('b', 'a')])).toThrow('a > b > a is a circle');
  });
});

describe('taxonomySvg', () => {
  const svg = taxonomySvg(relations, claims);

  it('shows every optimizer and a line for every relation', () => {
    for (const name of members()) expect(svg).toContain(memberTitle(name));
    expect(svg.match(/<path/g)?.length).toBeGreaterThanOrEqual(relations.length);
  });

  it('has finite numbers only', () => {
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});
