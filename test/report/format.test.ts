import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeMetric,
  formatDifference,
  formatList,
  formatMetric,
  formatNumber,
  formatPlural,
  formatProbability,
  formatRange,
  formatSeconds,
} from '../../src/report/format.js';

const error = describeMetric('classification_error');
const loss = describeMetric('cross_entropy');
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [0.001, '0.001'],
    [0.0012345, '0.00123'],
    [123456, '123456'],
    [3.2e-7, '3.2×10⁻⁷'],
    [1e-8, '10⁻⁸'],
    [-1e10, '-1×10¹⁰'],
    [0.99973, '0.99973'],
    [0.9, '0.9'],
    [1, '1'],
    [Number.POSITIVE_INFINITY, '∞'],
    [Number.NaN, '–'],
  ])('%d is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('keeps three digits, of the value or of what it lacks to 1', () => {
    const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';
    const parse = (text: string) =>
      Number(
        text
          .replace(/^10(?=[⁻⁰-⁹¹²³])/, '1e')
          .replace('×10', 'e')
          .replace('⁻', '-')
          .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (digit) => String(superscripts.indexOf(digit))),
      );
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (exponent) => {
        const value = 10 ** exponent;
        const parsed = parse(formatNumber(value));
        expect(Math.abs(parsed / value - 1)).toBeLessThanOrEqual(0.005);
      }),
    );
  });
});

describe('metrics', () => {
  it('writes errors as percentages and losses as numbers', () => {
    expect(plain(formatMetric(0.08314, error))).toBe('8.31 %');
    expect(formatMetric(0.241712, loss)).toBe('0.2417');
    expect(formatMetric(Number.POSITIVE_INFINITY, error)).toBe('diverged');
    expect(formatMetric(null, error)).toBe('–');
  });

  it('writes the unit of a range once', () => {
    expect(plain(formatRange(0.08, 0.1, error))).toBe('8.00 – 10.00 %');
    expect(plain(formatRange(0.08, 0.08, error))).toBe('8.00 %');
    expect(plain(formatRange(0.08, Number.POSITIVE_INFINITY, error))).toBe('8.00 % – diverged');
    expect(formatRange(1, 2, loss)).toBe('1 – 2');
  });

  it('calls no difference zero that is not', () => {
    expect(formatDifference(0.0021, error)).toBe('0.21 percentage points');
    expect(formatDifference(0.00001, error)).toBe('less than 0.01 percentage points');
  });

  it('knows names it has never seen, and none of the prototype', () => {
    expect(describeMetric('word_error')).toMatchObject({ label: 'word error', percent: false });
    expect(describeMetric('toString')).toMatchObject({ label: 'toString' });
  });
});

describe('words', () => {
  it('is never certain', () => {
    expect([1, 0.834, 0].map((p) => plain(formatProbability(p)))).toEqual([
      '> 99 %',
      '83 %',
      '< 1 %',
    ]);
  });

  it('counts', () => {
    expect(formatPlural(1, 'trial')).toBe('1 trial');
    expect(formatPlural(12000, 'step')).toBe('12,000 steps');
    expect(formatList(['a'])).toBe('a');
    expect(formatList(['a', 'b', 'c'])).toBe('a, b and c');
  });

  it.each([
    [4.21, '4.2 s'],
    [59.7, '1 min 0 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});
