import type { WarningDefinition } from './warning.js';

export const imported: WarningDefinition = {
  code: 'OC205',
  kind: 'imported',
  title: 'Results were imported',
  explanation: 'They were trained elsewhere; what the source does not say cannot be checked.',
  advice: 'See docs/IMPORTS.md for what each format holds.',
  find: ({ importNotes }) =>
    importNotes.map((note) => ({ message: `These results were imported: ${note}.` })),
};
