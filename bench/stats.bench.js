/**
 * A million resamples of the best of 500 trials, drawn from its exact law, beside the literal bootstrap that draws 500
 * trials for each, and the other statistics at the size of a large study.
 */
import {
  bestOfKWeights,
  bootstrap,
  bootstrapBest,
  functionalAnova,
  growForest,
  rankProbabilities,
} from '../dist/index.js';
import { interleave, median, milliseconds, printClaims } from './harness.js';

const rounds = Number(process.env.OPTCMP_BENCH_ROUNDS ?? 7);
const TRIALS = 500;
const RESAMPLES = 1_000_000;
const LITERAL = 2_000;
const AXES = 5;

/** Metrics without a pattern, with ties. */
const values = Float64Array.from({ length: TRIALS }, (_, i) => ((i * 7919) % 1009) / 1009);
const points = Array.from({ length: TRIALS }, (_, i) =>
  Array.from({ length: AXES }, (_, axis) => ((i + 1) * Math.sqrt(2 + axis)) % 1),
);
const losses = points.map(([x, y, z]) => (x - 0.3) ** 2 + x * y + 0.1 * z);
const unit = { low: 0, high: 1 };
const smallest = (sample) => sample.reduce((least, i) => Math.min(least, values[i]), Infinity);

const seconds = (work) => async () => {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1e3;
};

const times = await interleave(
  {
    exact: seconds(() => bootstrapBest(values, { resamples: RESAMPLES })),
    literal: seconds(() => bootstrap(TRIALS, smallest, { resamples: LITERAL })),
    closed: seconds(() => bestOfKWeights(values, TRIALS)),
    ranks: seconds(() =>
      rankProbabilities(
        Array.from({ length: 6 }, () => values),
        TRIALS,
      ),
    ),
    forest: seconds(() => growForest(points, losses)),
    anova: seconds(() =>
      functionalAnova(
        growForest(points, losses, { trees: 8 }),
        points[0].map(() => unit),
      ),
    ),
  },
  rounds,
);

const rows = {
  exact: `${RESAMPLES.toLocaleString('en')} resamples of the best of ${TRIALS}, from its law`,
  literal: `${LITERAL.toLocaleString('en')} resamples of ${TRIALS} trials each, drawn`,
  closed: `law of the best of ${TRIALS}, closed form`,
  ranks: `rank probabilities of 6 optimizers with ${TRIALS} trials each`,
  forest: `forest of 64 trees on ${TRIALS} trials and ${AXES} axes`,
  anova: 'forest of 8 trees and its functional ANOVA, all pairs',
};
for (const [name, text] of Object.entries(rows)) {
  console.log(`  ${text.padEnd(62)}${milliseconds(median(times[name])).padStart(10)}`);
}

/** Largest difference between the shares that the law gives and those that were drawn, in standard deviations. */
function deviation() {
  const best = bootstrapBest(values, { resamples: RESAMPLES });
  const weights = bestOfKWeights(values, TRIALS);
  const counts = new Float64Array(TRIALS);
  for (const trial of best) counts[trial]++;
  const scores = Array.from(weights.keys())
    .filter((i) => weights[i] * RESAMPLES > 20)
    .map((i) => (counts[i] - weights[i] * RESAMPLES) / Math.sqrt(weights[i] * RESAMPLES));
  return Math.max(...scores.map(Math.abs));
}

const largest = deviation();
printClaims('Statistics', [
  {
    claim: 'seconds for a million resamples of 500 trials',
    measured: milliseconds(median(times.exact)),
    ratio: median(times.exact),
    limit: 1,
    atLeast: false,
  },
  {
    claim: 'largest deviation of the drawn from the closed form, in σ',
    measured: `${largest.toFixed(1)} σ`,
    ratio: largest,
    limit: 5,
    atLeast: false,
  },
]);
