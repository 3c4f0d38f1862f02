import type { Page } from './page.js';
import { schedulePages } from './schedule-pages.js';

/** Everything in `docs/` that is generated. */
export const pages = (): Page[] => [...schedulePages()];
