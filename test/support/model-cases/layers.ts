/** Nodes that many cases are made of. */

export const image = (c: number, h: number, w: number) => ['N', c, h, w];

export const conv = (attributes: Record<string, number | number[] | string>, bias = true) => ({
  op: 'Conv',
  inputs: bias ? ['x', 'w', 'b'] : ['x', 'w'],
  outputs: ['c'],
  attributes,
});

export const flatten = (input: string) => ({ op: 'Flatten', inputs: [input], outputs: ['y'] });

export const linear = (name: string, x: string, y: string) => ({
  op: 'Gemm',
  inputs: [x, `${name}.w`, `${name}.b`],
  outputs: [y],
  attributes: { transB: 1 },
});
