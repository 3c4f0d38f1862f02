import { defineSchedule } from './schedule.js';

/** The same rate at every step. */
export const constant = defineSchedule({
  kind: 'constant',
  title: 'Constant',
  source: 'transformers get_constant_schedule_with_warmup',
  parameters: {},
  rule: ({ lr }) => lr,
});
