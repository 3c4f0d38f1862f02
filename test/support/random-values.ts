import type { Program } from '../../src/compiler/program.js';
import { Philox } from '../../src/random/philox.js';

/** Values for everything a program is given: uniform on [−1, 1), labels uniform over the classes. */
export function randomValues(program: Program, seed: number): Record<string, Float64Array> {
  const random = new Philox(seed);
  const loss = program.ops.find(({ kind }) => kind === 'softmax_cross_entropy');
  const classes = program.tensors[loss?.inputs[0] ?? -1]?.shape[1] ?? 0;
  return Object.fromEntries(
    program.tensors.flatMap(({ name, role, shape }) => {
      const length = shape.reduce((a, b) => a * b, 1);
      if (role === 'label') {
        return [[name, Float64Array.from({ length }, () => random.below(classes))]];
      }
      if (role !== 'input' && role !== 'parameter') return [];
      return [[name, Float64Array.from({ length }, () => Math.fround(2 * random.uniform() - 1))]];
    }),
  );
}
