import type { Program, Tensor } from '../compiler/program.js';
import type { CompiledRule, CompiledSchedule } from '../optimizers/rule.js';
import { createTrainer } from './create-trainer.js';
import type { Field, Split, Trainer } from './types.js';

/**
 * What the engine plans for a model: the arena in which temporaries share memory, beside the sum of all of them.
 * Takes that memory for a moment. @throws TypeError when the engine cannot run the programs.
 */
export async function planMemory(
  programs: { train: Program; evaluate: Program },
  update: { rule: CompiledRule; schedule: CompiledSchedule },
): Promise<ReturnType<Trainer['memory']>> {
  const trainer = await createTrainer({
    ...programs,
    ...update,
    splits: { train: zeroBatch(programs.train) },
    hyperparameters: {},
    lr: 1,
    seed: 0n,
    threads: 1,
  });
  try {
    return trainer.memory();
  } finally {
    trainer.dispose();
  }
}

/** One batch for a program, all zeros. */
export function zeroBatch({ tensors }: Program): Split {
  const inputs = tensors.filter(({ role }) => role === 'input').map(zeros);
  const [labels] = tensors.filter(({ role }) => role === 'label').map(zeros);
  return { inputs, ...(labels && { labels }) };
}

function zeros({ dtype, shape }: Tensor): Field {
  const length = shape.reduce((a, b) => a * b, 1);
  const values = dtype === 'i32' ? new Int32Array(length) : new Float32Array(length);
  return { values, shape: shape.slice(1) };
}
