import { z } from 'zod';
import { type HyperparameterText, parseDomain } from '../optimizers/index.js';

const SCALES = ['linear', 'log', 'log_complement'] as const satisfies HyperparameterText['scale'][];
const ALL_NUMBERS = '(-inf, inf)';

const domainSchema = z.string().superRefine((text, context) => {
  try {
    parseDomain(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** A hyperparameter of an own rule; a number alone is its default. */
const hyperparameterSchema = z.preprocess(
  (value) => (typeof value === 'number' ? { default: value } : value),
  z.strictObject({
    default: z.number(),
    domain: domainSchema.default(ALL_NUMBERS),
    scale: z.enum(SCALES).default('linear'),
    description: z.string().default(''),
  }),
);

/** A rule of the study's own: an elementwise optimizer as text. */
export const optimizerTextSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]*$/, 'must be lower case letters, digits, _ and -'),
  title: z.string().optional(),
  source: z.string().optional(),
  lr: hyperparameterSchema.optional(),
  hyperparameters: z.record(z.string(), hyperparameterSchema).default({}),
  /** Slots of each element, with their first values. */
  state: z.record(z.string(), z.number()).default({}),
  /** State that all elements share, with its first values. */
  scalar_state: z.record(z.string(), z.number()).default({}),
  /** As `OptimizerText.rule`. */
  rule: z.string(),
  /** As `OptimizerText.evaluation`. */
  evaluation: z.string().optional(),
});
