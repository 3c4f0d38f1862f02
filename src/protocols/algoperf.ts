import { defineProtocol } from './protocol.js';

const source = 'Dahl et al. 2023 (AlgoPerf), section 4';

export const algoperfExternal = defineProtocol({
  name: 'algoperf-external',
  source,
  description:
    'External tuning: five studies of five quasi-random trials each; use the time to a target as the objective.',
  levels: [{ name: 'external tuning', sampler: 'halton', trials: 25 }],
});

export const algoperfSelf = defineProtocol({
  name: 'algoperf-self',
  source,
  description:
    'Self-tuning: nothing is tuned for a workload; the defaults run with five seeds. Use the time to a target.',
  levels: [{ name: 'self-tuning', tune: [], trials: 1, final_runs: 4 }],
});
