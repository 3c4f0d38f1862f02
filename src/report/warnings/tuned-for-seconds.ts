import type { WarningDefinition } from './warning.js';

export const tunedForSeconds: WarningDefinition = {
  code: 'OC114',
  kind: 'tuned-for-seconds',
  title: 'Trials were tuned for seconds',
  explanation:
    'Seconds are those of this machine on that day, with whatever else ran on it, other trials among them. What follows ' +
    'from them (the best point, the stages of a protocol) is not the same when the study runs again, and not the same on ' +
    'another machine. What was measured at each step is.',
  advice:
    'Run with `--workers 1` on an idle machine, repeat the study, and prefer `over: steps_to_target` where steps cost alike.',
  find: ({ counted }) =>
    counted === 'seconds'
      ? [
          {
            message:
              'Trials were tuned for the seconds to the target: the result depends on the machine and its load, and does ' +
              'not repeat to the bit.',
          },
        ]
      : [],
};
