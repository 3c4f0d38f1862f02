import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadScript } from './load-script.js';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}
const { ctestCounts, vitestCounts, sum, summary } = await loadScript<{
  ctestCounts(path: string, code: number): Counts;
  vitestCounts(path: string, code: number): Counts;
  sum(all: Counts[]): Counts;
  summary(counts: Counts): string;
}>('counts');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'optcmp-counts-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(content: string) {
  const path = join(folder, 'report');
  await writeFile(path, content);
  return path;
}

describe('ctestCounts', () => {
  const report = (attributes: string) =>
    file(`<?xml version="1.0"?>\n<testsuite name="Linux"\n\t${attributes}\n>\n<testcase/>\n`);

  test('reads the totals', async () => {
    const path = await report('tests="9" failures="2" disabled="1" skipped="3" hostname=""');
    expect(ctestCounts(path, 8)).toEqual({ passed: 3, failed: 2, skipped: 4 });
  });

  test.each([
    ['nothing ran', 'tests="0" failures="0" disabled="0" skipped="0"', 0],
    ['all were skipped', 'tests="2" failures="0" disabled="0" skipped="2"', 0],
    ['it failed without a failed test', 'tests="2" failures="0" disabled="0" skipped="0"', 8],
  ])('is a failure when %s', async (_, attributes, code) => {
    expect(ctestCounts(await report(attributes), code).failed).toBe(1);
  });

  test('is a failure without a report', () => {
    expect(ctestCounts(join(folder, 'none'), 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('vitestCounts', () => {
  const report = (counts: object, testResults: object[] = []) =>
    file(
      JSON.stringify({
        numPassedTests: 0,
        numFailedTests: 0,
        numPendingTests: 0,
        numTodoTests: 0,
        ...counts,
        testResults,
      }),
    );

  test('reads the totals', async () => {
    const path = await report({ numPassedTests: 5, numFailedTests: 1, numPendingTests: 2 }, [
      { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] },
    ]);
    expect(vitestCounts(path, 1)).toEqual({ passed: 5, failed: 1, skipped: 2 });
  });

  test('counts a file that could not be loaded', async () => {
    const path = await report({ numPassedTests: 5 }, [{ status: 'failed', assertionResults: [] }]);
    expect(vitestCounts(path, 1)).toEqual({ passed: 5, failed: 1, skipped: 0 });
  });

  test('is a failure when nothing ran or the runner failed', async () => {
    expect(vitestCounts(await report({}), 0).failed).toBe(1);
    expect(vitestCounts(await report({ numPassedTests: 3 }), 1).failed).toBe(1);
    expect(vitestCounts(join(folder, 'none'), 0).failed).toBe(1);
  });
});

test('the summary line', () => {
  const counts = [
    { passed: 3, failed: 0, skipped: 0 },
    { passed: 4, failed: 1, skipped: 0 },
  ];
  expect(summary(sum(counts))).toBe('7 passed, 1 failed');
  expect(summary({ passed: 1, failed: 0, skipped: 2 })).toBe('1 passed, 0 failed, 2 skipped');
});
