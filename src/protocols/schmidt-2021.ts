import { defineProtocol } from './protocol.js';

export const schmidt2021 = defineProtocol({
  name: 'schmidt-2021',
  source: 'Schmidt, Schneider & Hennig 2021, section 2',
  description:
    'Random search with four budgets: the defaults, 25, 50 and 75 trials, the best of each run again with ten seeds.',
  levels: [
    { name: 'one-shot', tune: [], trials: 1, final_runs: 10 },
    { name: 'small budget', sampler: 'random', trials: 25, final_runs: 10 },
    { name: 'medium budget', sampler: 'random', trials: 50, final_runs: 10 },
    { name: 'large budget', sampler: 'random', trials: 75, final_runs: 10 },
  ],
});
