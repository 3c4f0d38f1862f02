import type { Program } from '../../src/compiler/program.js';
import { Philox } from '../../src/random/philox.js';

/** Values for everything a program is given: f32 uniform on [−1, 1), i32 uniform below its limit. */
export function randomValues(program: Program, seed: number): Record<string, Float64Array> {
  const random = new Philox(seed);
  const given = program.tensors.filter(({ role }) =>
    ['input', 'label', 'parameter'].includes(role),
  );
  return Object.fromEntries(
    given.map(({ name, dtype, shape, limit = 1 }) => {
      const length = shape.reduce((a, b) => a * b, 1);
      const draw = () =>
        dtype === 'i32' ? random.below(limit) : Math.fround(2 * random.uniform() - 1);
      return [name, Float64Array.from({ length }, draw)];
    }),
  );
}
