import { defineProtocol } from './protocol.js';

export const schneider2019 = defineProtocol({
  name: 'schneider-2019',
  source: 'Schneider et al. 2019 (DeepOBS), section 3; Choi et al. 2019, figure 4',
  description:
    'The learning rate alone, constant, on a logarithmic grid of 36 from 10⁻⁵ to 10², the best run again with ten ' +
    'seeds; then the larger spaces of Choi et al.',
  levels: [
    {
      name: 'learning rate',
      tune: ['lr'],
      axes: { lr: { log: [1e-5, 1e2], levels: 36 } },
      sampler: 'grid',
      final_runs: 10,
    },
    {
      name: 'learning rate, momentum, ε',
      tune: ['lr', 'gamma', 'epsilon'],
      final_runs: 10,
    },
    {
      name: 'all but the schedule',
      tune: ['lr', 'gamma', 'rho', 'beta1', 'beta2', 'epsilon'],
      final_runs: 10,
    },
    { name: 'everything', final_runs: 10 },
  ],
});
