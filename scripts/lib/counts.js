import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** What one check that is no test suite counts for. */
export const one = (outcome) => ({ passed: 0, failed: 0, skipped: 0, [outcome]: 1 });

/** @param {Counts[]} all */
export function sum(all) {
  const total = (key) => all.reduce((n, counts) => n + counts[key], 0);
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped') };
}

/**
 * Counts of CTest's JUnit report. A run that failed without a failed test, or ran no test, counts as one failure.
 * @returns {Counts}
 */
export function ctestCounts(path, code) {
  const suite = existsSync(path) ? readFileSync(path, 'utf8').match(/<testsuite\b[^>]*>/)?.[0] : '';
  const count = (name) => Number(suite?.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? 0);
  const failed = count('failures');
  const skipped = count('skipped') + count('disabled');
  return ended({ passed: count('tests') - failed - skipped, failed, skipped }, code);
}

/** Counts of Vitest's JSON report; a file that fails outside its tests counts as one failure. */
export function vitestCounts(path, code) {
  if (!existsSync(path)) return one('failed');
  const report = JSON.parse(readFileSync(path, 'utf8'));
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((t) => t.status === 'failed'),
  );
  const counts = {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
  return ended(counts, code);
}

function ended(counts, code) {
  const silent = counts.failed === 0 && (code !== 0 || counts.passed === 0);
  return silent ? { ...counts, failed: 1 } : counts;
}

/** The line that ends a test run. */
export function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}
