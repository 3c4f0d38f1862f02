import { optimizerPages } from './optimizer-pages.js';
import type { Page } from './page.js';
import { protocolPages } from './protocol-pages.js';
import { schedulePages } from './schedule-pages.js';
import { taxonomyPages } from './taxonomy-pages.js';
import { warningPages } from './warning-pages.js';

/** Everything in `docs/` that is generated. */
export const pages = (): Page[] => [
  ...optimizerPages(),
  ...protocolPages(),
  ...schedulePages(),
  ...taxonomyPages(),
  ...warningPages(),
];
