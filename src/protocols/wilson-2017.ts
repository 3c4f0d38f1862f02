import { defineProtocol, type WrittenProtocol } from './protocol.js';

/** As the authors decay it: halved every 25 of 250 epochs. */
const schedule = { kind: 'step', period: 0.1, decay_factor: 0.5 };

const level: Pick<WrittenProtocol['levels'][number], 'schedule'> = { schedule };

export const wilson2017 = defineProtocol({
  name: 'wilson-2017',
  source: 'Wilson et al. 2017, section 4; Choi et al. 2019, figure 3',
  description:
    'The initial learning rate alone, on a logarithmic grid of five that grows where its best is at an end, halved ' +
    'every tenth of the budget; then the larger spaces of Choi et al.',
  levels: [
    {
      ...level,
      name: 'learning rate',
      tune: ['lr'],
      axes: { lr: { log: [1e-4, 1], levels: 5 } },
      sampler: 'grid',
      search: { kind: 'extend' },
      final_runs: 5,
    },
    {
      ...level,
      name: 'learning rate, momentum, ε',
      tune: ['lr', 'gamma', 'epsilon'],
      final_runs: 5,
    },
    { name: 'everything', final_runs: 5 },
  ],
});
