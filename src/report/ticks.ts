import { formatNumber, type Metric, power } from './format.js';

export interface Ticks {
  values: number[];
  labels: string[];
}

/** Steps within a decade of a logarithmic axis, the densest first. */
const MANTISSAS = [
  [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8],
  [1, 1.5, 2, 3, 5, 7],
  [1, 2, 5],
  [1, 3],
  [1],
];

/** Round numbers between the bounds, at most `count`, evenly spaced. */
export function linearTicks(low: number, high: number, count: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = 10 ** Math.floor(Math.log10(span / count));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * rough).find((s) => span / s <= count) as number;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => tidy((first + i) * step));
}

/** Round numbers between the bounds, at most `count`, for a logarithmic axis. 0 < low < high. */
export function logTicks(low: number, high: number, count: number): number[] {
  const within = (x: number) => x >= low * (1 - 1e-9) && x <= high * (1 + 1e-9);
  const [first, last] = [Math.floor(Math.log10(low)), Math.floor(Math.log10(high))];
  const decades = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  for (const mantissas of MANTISSAS) {
    const ticks = decades.flatMap((d) => mantissas.map((m) => tidy(m * 10 ** d))).filter(within);
    if (ticks.length > count) continue;
    return ticks.length >= 3 ? ticks : linearTicks(low, high, count);
  }
  for (let every = 2; ; every++) {
    const ticks = decades
      .filter((d) => d % every === 0)
      .map((d) => tidy(10 ** d))
      .filter(within);
    if (ticks.length <= count) return ticks;
  }
}

/** 1, 2, 4, … up to `high`, every second or third power when there are more than `count`. */
export function powerOfTwoTicks(high: number, count: number): number[] {
  const powers = Math.floor(Math.log2(high)) + 1;
  const every = Math.ceil(powers / count);
  return Array.from({ length: Math.ceil(powers / every) }, (_, i) => 2 ** (i * every));
}

const UNITS = [
  { name: 's', seconds: 1, counts: [1, 2, 5, 10, 20, 30] },
  { name: 'min', seconds: 60, counts: [1, 2, 5, 10, 20, 30] },
  { name: 'h', seconds: 3600, counts: [1, 2, 5, 10] },
  { name: 'd', seconds: 86400, counts: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
];

/** Round spans of time between the bounds, at most `count`, for a logarithmic axis. 0 < low < high. */
export function secondsTicks(low: number, high: number, count: number): Ticks {
  if (high < 2) return numberTicks(logTicks(low, high, count));
  const all = UNITS.flatMap(({ name, seconds, counts }) =>
    counts.map((n) => ({ value: n * seconds, label: `${n}\u00a0${name}` })),
  ).filter(({ value }) => value >= low && value <= high);
  const every = Math.ceil(all.length / count);
  const kept = all.filter((_, i) => i % every === 0);
  return { values: kept.map(({ value }) => value), labels: kept.map(({ label }) => label) };
}

export function numberTicks(values: number[]): Ticks {
  return { values, labels: values.map((value) => formatNumber(value, 6)) };
}

/** Far apart, powers of ten say more than rows of zeros: 10⁻⁸, 10⁻⁴, 1, 10⁴. */
export function logNumberTicks(values: number[]): Ticks {
  const wide = Math.min(...values) < 1e-4 || Math.max(...values) >= 1e4;
  const exponents = values.map(Math.log10);
  if (!wide || !exponents.every(Number.isInteger)) return numberTicks(values);
  return { values, labels: exponents.map((exponent) => (exponent === 0 ? '1' : power(exponent))) };
}

export function metricTicks(values: number[], metric: Metric): Ticks {
  if (!metric.percent) return numberTicks(values);
  return { values, labels: values.map((value) => `${formatNumber(tidy(100 * value), 6)}\u00a0%`) };
}

/** A Vega expression that writes each tick's own label. */
export function tickLabels({ values, labels }: Ticks): string {
  return `${JSON.stringify(labels)}[indexof(${JSON.stringify(values)}, datum.value)]`;
}

/** Without the last digits' rounding error: 0.30000000000000004 becomes 0.3. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
