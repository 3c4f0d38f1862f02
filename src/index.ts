export type * from './compiler/program.js';
export type * from './engine/types.js';
export type * from './optimizers/rule.js';
export type * from './store/records.js';
