export { countExamples } from './count-examples.js';
export { createTrainer } from './create-trainer.js';
export { type EngineInfo, engineInfo } from './engine-info.js';
export { planMemory, zeroBatch } from './plan-memory.js';
export { PARAMETER_KINDS, selectParameters } from './select-parameters.js';
export type * from './types.js';
