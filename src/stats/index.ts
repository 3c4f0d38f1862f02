export * from './best-of-k.js';
export * from './bootstrap.js';
export * from './distribution.js';
export * from './ranks.js';
export * from './steps-to-target.js';
