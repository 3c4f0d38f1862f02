import { defineSchedule } from './schedule.js';

/** The same rate at every step. */
export const constant = defineSchedule({
  kind: 'constant',
  title: 'Constant',
  source: '–',
  parameters: {},
  rule: ({ lr }) => lr,
});
