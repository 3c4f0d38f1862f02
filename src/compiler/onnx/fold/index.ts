import { arithmetic } from './arithmetic.js';
import { creation } from './creation.js';
import type { Folders } from './folder.js';
import { movement } from './movement.js';
import { reductions } from './reductions.js';

/** What is calculated when compiling, where all inputs are known. */
export const folders: Folders = { ...arithmetic, ...creation, ...movement, ...reductions };
