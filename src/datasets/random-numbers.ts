/** Standard normal numbers by the Box–Muller transform. */
export function gaussian(uniform: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Uniform numbers in [0, 1) from xoshiro128** (Blackman, Vigna 2018), its state filled by MurmurHash3's finaliser. */
export function xoshiro(seed: number, stream: number): () => number {
  let [a, b, c, d] = [1, 2, 3, 4].map((i) =>
    mix((seed >>> 0) ^ mix(Math.floor(seed / 2 ** 32) ^ mix(4 * stream + i))),
  ) as [number, number, number, number];
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return (result >>> 0) / 2 ** 32;
  };
}

const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by));

function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
