import { WARNINGS } from '../report/warnings/index.js';
import type { Page } from './page.js';

/** docs/WARNINGS.md */
export function warningPages(): Page[] {
  const sorted = [...WARNINGS].sort((a, b) => (a.code < b.code ? -1 : 1));
  const sections = sorted.map(
    ({ code, title, explanation, advice }) =>
      `## ${code}\n\n**${title}.** ${explanation}\n\n*What to do.* ${advice}`,
  );
  const introduction =
    '# Warnings\n\nWhat a ranking must not be trusted without: shown with it in the report, in the terminal, and in `--json`, ' +
    'each with a code. `optcmp explain OC101` prints what follows here.';
  return [{ path: 'WARNINGS.md', content: `${[introduction, ...sections].join('\n\n')}\n` }];
}
