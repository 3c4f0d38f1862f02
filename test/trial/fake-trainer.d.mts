import type { Trainer } from '../../src/engine/types.js';

export interface FakeTrainerOptions {
  seed: number;
  lr: number;
  /** The step whose loss is not finite. */
  divergesAt?: number;
  /** The step at which the validation metric is not a number. */
  badMetricAt?: number;
  beforeStep?: (step: number) => Promise<void> | void;
  onObserve?: (step: number, value: number) => void;
  beforeEvaluate?: (split: string, step: number) => Promise<void> | void;
}

export class FakeTrainer {
  constructor(options: FakeTrainerOptions);
  readonly step: number;
  train: Trainer['train'];
  evaluate: Trainer['evaluate'];
  observe: Trainer['observe'];
  checkpoint: Trainer['checkpoint'];
  restore: Trainer['restore'];
  dispose: Trainer['dispose'];
}
