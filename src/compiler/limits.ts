/** Bounds on what a model file may ask for, far above any real model, so that a bad file fails at once. */
export const LIMITS = {
  /** The protobuf format itself ends at 2 GiB; bigger weights go to external data. */
  fileBytes: 2 ** 31 - 1,
  nodes: 100_000,
  tensors: 400_000,
  rank: 8,
  /** Of all loops of a model, which are unrolled. */
  steps: 10_000,
  /** Of one tensor that is calculated when compiling: a mask of 4096 × 4096. */
  knownItems: 2 ** 24,
  /** Of one tensor at the compiled batch size. */
  tensorBytes: 2 ** 36,
} as const;
