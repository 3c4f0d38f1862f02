/** Numbers as people read them. */

import { findMetric } from '../metrics/metrics.js';

const NO_BREAK_SPACE = '\u00a0';
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** How a metric is called and written. */
export interface Metric {
  name: string;
  /** In running text: `classification error`. */
  label: string;
  /** A share, written as a percentage. */
  percent: boolean;
  /** With what it was measured on: `validation error`. */
  full: string;
  /** What +∞ means. */
  worst: string;
  /** Of what it takes to a target. */
  unit?: 'steps' | 'seconds';
}

export function describeMetric(name: string): Metric {
  const { label = name.replaceAll('_', ' '), percent = false } = findMetric(name) ?? {};
  return { name, label, percent, full: `validation ${label}`, worst: 'diverged' };
}

/** A metric's value with its unit: `8.31 %`, `0.2417`; its `worst` for +∞, `–` where there is none. */
export function formatMetric(value: number | null, metric: Metric): string {
  if (value === null || Number.isNaN(value)) return '–';
  if (value === Number.POSITIVE_INFINITY) return metric.worst;
  if (metric.percent) return `${(100 * value).toFixed(2)}${NO_BREAK_SPACE}%`;
  return formatNumber(value, 4);
}

/** The steps or seconds to a target of a metric, as a metric of their own. */
export function toTarget(unit: 'steps' | 'seconds', target: number, metric: Metric): Metric {
  const label = `${unit} to ${formatMetric(target, metric)} ${metric.label}`;
  return {
    name: `${unit}_to_target`,
    label,
    percent: false,
    full: label,
    worst: 'not reached',
    unit,
  };
}

/** What a trial came to, as the end of a sentence: `has a validation error of 8.31 %`, `took 1200 steps to 9 % error`. */
export function formatOutcome(value: number, metric: Metric): string {
  const text = formatMetric(value, metric);
  return metric.unit === undefined
    ? `has a ${metric.full} of ${text}`
    : `took ${text} ${metric.full}`;
}

export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** An interval with its unit once: `8.31 – 8.50 %`. */
export function formatRange(low: number, high: number, metric: Metric): string {
  const [from, to] = [formatMetric(low, metric), formatMetric(high, metric)];
  if (from === to) return from;
  const unit = `${NO_BREAK_SPACE}%`;
  return to.endsWith(unit) ? `${from.replace(unit, '')} – ${to}` : `${from} – ${to}`;
}

/** A difference of two values of a metric: `0.21 percentage points`, `0.0124`. */
export function formatDifference(difference: number, metric: Metric): string {
  if (!metric.percent) return formatNumber(difference, 2);
  const points = (100 * difference).toFixed(2);
  return points === '0.00' ? 'less than 0.01 percentage points' : `${points} percentage points`;
}

/** `83 %`; never a certainty that a finite sample cannot give. */
export function formatProbability(probability: number): string {
  if (probability > 0.99) return `>${NO_BREAK_SPACE}99${NO_BREAK_SPACE}%`;
  if (probability < 0.01) return `<${NO_BREAK_SPACE}1${NO_BREAK_SPACE}%`;
  return `${Math.round(100 * probability)}${NO_BREAK_SPACE}%`;
}

/**
 * A number with few significant digits: `0.00123`, `3.2×10⁻⁷`. Close below 1 the digits count from the gap,
 * so that 0.99973 does not become 1.
 */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const magnitude = Math.abs(value);
  if (magnitude > 0.9 && magnitude < 1) {
    const decimals = Math.min(12, Math.ceil(-Math.log10(1 - magnitude)) + digits - 2);
    return trimZeros(value.toFixed(Math.max(digits, decimals)));
  }
  if (magnitude >= 1e-4 && magnitude < 1e6) {
    const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(magnitude)));
    return trimZeros(value.toFixed(decimals));
  }
  const [mantissa = '', exponent = ''] = value.toExponential(digits - 1).split('e');
  const base = trimZeros(mantissa);
  return base === '1' ? power(Number(exponent)) : `${base}×${power(Number(exponent))}`;
}

/** A hyperparameter, which may be a word. */
export function formatSetting(value: number | string): string {
  return typeof value === 'number' ? formatNumber(value) : value;
}

/** A whole number with its thousands apart: `12,000`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** `1 trial`, `20 trials`. */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A span of time: `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${formatCount(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** `a`, `a and b`, `a, b and c`. */
export function formatList(items: readonly string[]): string {
  if (items.length <= 1) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** 10ⁿ: `10⁻³`. */
export function power(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]);
  return `10${exponent < 0 ? '⁻' : ''}${digits.join('')}`;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
