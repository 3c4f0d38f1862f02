/** What is known of a metric. Of every metric less is better. */
export interface MetricDefinition {
  /** In running text: `classification error`. */
  label: string;
  /** A share in [0, 1], written as a percentage. */
  percent: boolean;
  /** Of a metric that the engine does not measure: how it follows from one that it does. */
  derived?: { from: string; by: (value: number) => number };
}

/** Every metric there is, by the name it has in programs, workloads, studies and stores. */
export const metrics = {
  classification_error: { label: 'error', percent: true },
  top_5_error: { label: 'top-5 error', percent: true },
  /** Mean over examples or tokens, natural logarithm, without label smoothing or L2. */
  cross_entropy: { label: 'cross entropy', percent: false },
  perplexity: {
    label: 'perplexity',
    percent: false,
    derived: { from: 'cross_entropy', by: Math.exp },
  },
  /** Mean over elements, natural logarithm. */
  binary_cross_entropy: { label: 'binary cross entropy', percent: false },
  /** Mean over elements. */
  mean_squared_error: { label: 'mean squared error', percent: false },
  /** The model's own output. */
  loss: { label: 'loss', percent: false },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metrics;

export const metricNames = Object.keys(metrics) as [MetricName, ...MetricName[]];

/** The definition of a metric that may be unknown. */
export const findMetric = (name: string): MetricDefinition | undefined =>
  Object.hasOwn(metrics, name) ? metrics[name as MetricName] : undefined;

/** Adds to measured values those of `wanted` that follow from them. */
export function withDerived(
  measured: Readonly<Record<string, number>>,
  wanted: readonly string[],
): Record<string, number> {
  const values = { ...measured };
  for (const name of wanted) {
    const derived = findMetric(name)?.derived;
    const from = derived && measured[derived.from];
    if (derived && from !== undefined) values[name] = derived.by(from);
  }
  return values;
}
