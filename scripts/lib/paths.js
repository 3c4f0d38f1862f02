import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Everything that set-up brings or remembers; safe to delete. */
export const CACHE = join(ROOT, '.cache');

export const inRoot = (...parts) => join(ROOT, ...parts);
export const inCache = (...parts) => join(CACHE, ...parts);
