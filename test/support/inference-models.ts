/**
 * The models of `models/` in ONNX's inference form, with one input and small enough for the float64 interpreter: what
 * ONNX Runtime can be asked about. The others are in the training form, or have inputs and losses of their own.
 */
export const inferenceModels = [
  '2c2d',
  'logistic-regression',
  'mlp',
  'mlp-4',
  'simple-cnn',
  'transformer-lm-small',
] as const;
