import { expect, test } from 'vitest';
import { LOSS_METRICS } from '../../src/compiler/losses.js';
import { findMetric, metricNames, withDerived } from '../../src/metrics/metrics.js';

test('derives what is wanted from what is measured', () => {
  const measured = { cross_entropy: Math.log(20), classification_error: 0.5 };
  expect(withDerived(measured, ['classification_error'])).toEqual(measured);
  const values = withDerived(measured, ['perplexity', 'accuracy']);
  expect(values).toEqual({ ...measured, perplexity: expect.closeTo(20, 10) });
  expect(withDerived({ loss: 1 }, ['perplexity'])).toEqual({ loss: 1 });
});

test('knows everything that losses measure', () => {
  expect(metricNames).toEqual(expect.arrayContaining(Object.values(LOSS_METRICS).flat()));
  expect(findMetric('toString')).toBeUndefined();
});
