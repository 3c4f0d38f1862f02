import type { WarningDefinition } from './warning.js';

export const merged: WarningDefinition = {
  code: 'OC112',
  kind: 'merged',
  title: 'Studies that differ are compared',
  explanation:
    'What differs between two studies besides their optimizers, such as the budget or the data drawn by the seed, is part ' +
    'of every difference between their results.',
  advice: 'Run the entries in one study, or change one thing at a time.',
  find: ({ mergeNotes }) =>
    mergeNotes.map((note) => ({ message: `These studies were run apart: ${note}.` })),
};
