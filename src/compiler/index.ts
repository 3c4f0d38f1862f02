export { checkGradients, type GradientCheck } from './check-gradients.js';
export {
  type CheckedModel,
  type CheckOptions,
  checkModel,
  compileChecked,
  formatReport,
  type ModelReport,
} from './check-model.js';
export { CompileError, type CompileProblem } from './compile-error.js';
export { type CompileOptions, compileModel } from './compile-model.js';
export type { InitializationScheme } from './initialization.js';
export { type LiveBytes, programBytes } from './live-bytes.js';
export type { LossKind, LossSpec } from './losses.js';
export { type OnnxModel, parseOnnxModel, readOnnxModel } from './onnx/onnx-model.js';
export { printProgram } from './print-program.js';
export type * from './program.js';
export { RECOMPUTE, type Recompute } from './recompute.js';
