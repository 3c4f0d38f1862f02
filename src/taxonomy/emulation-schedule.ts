import { CodeBuilder } from '../expression/code-builder.js';
import { expressionsOf } from '../expression/code-expressions.js';
import { type Expression, input } from '../expression/expression.js';
import type { CompiledSchedule } from '../optimizers/rule.js';
import type { Emulation } from './inclusion.js';
import { substitute } from './setting.js';

/**
 * The including optimizer's schedule for the engine: what the included one's becomes. The initial rate that goes with
 * it is the included one's, too.
 *
 * @throws RangeError when the schedule changes the rate and the relation holds for a constant one only
 */
export function emulationSchedule(
  emulation: Emulation,
  schedule: CompiledSchedule,
): CompiledSchedule {
  const { included, including, lr, schedules } = emulation;
  if (schedules === 'constant' && schedule.code.instructions.length > 0)
    throw new RangeError(
      `${including} does what ${included} does for a constant learning rate only, not for the schedule '${schedule.name}'`,
    );
  const inputs = schedule.code.inputs.map((name) => input(name, 'scalar'));
  const [eta] = expressionsOf(schedule.code, inputs).outputs;
  const builder = new CodeBuilder(schedule.code.inputs);
  builder.output(
    'lr',
    substitute(lr, { eta: eta as Expression<'scalar'>, t: input('t', 'scalar') }),
  );
  return {
    ...schedule,
    name: `${schedule.name}, ${including} as ${included}`,
    code: builder.code(),
  };
}
