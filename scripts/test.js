#!/usr/bin/env node
// npm test: sets up, then every check and test, native and TypeScript. Ends with `N passed, N failed`.
// --sanitize   also runs the native tests with AddressSanitizer and UndefinedBehaviorSanitizer
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { buildNativeTests, buildSanitized } from './lib/build.js';
import { ctestCounts, one, sum, summary, vitestCounts } from './lib/counts.js';
import { bringGoogleTest } from './lib/googletest.js';
import { lintNative } from './lib/lint-native.js';
import { inCache, inRoot } from './lib/paths.js';
import { SetupError, tail, tryRun } from './lib/run.js';
import { step } from './lib/step.js';
import { setup } from './setup.js';

// With AVX-512, gcc 12's code for this option reads variables that it has laid out at less than their 64 bytes of
// alignment (bug 110027 of gcc's).
const WIDE =
  existsSync('/proc/cpuinfo') && readFileSync('/proc/cpuinfo', 'utf8').includes('avx512');
const SANITIZE_ENV = { ASAN_OPTIONS: `detect_stack_use_after_return=${WIDE ? 0 : 1}` };
const NODE = process.execPath;

/** Prints a check's line, and its log's end when it failed. A failed build is a failed check. */
async function check(what, work) {
  const failure = {};
  const counts = await step(what, async () => {
    try {
      const { counts, note, path } = await work();
      if (counts.failed) failure.text = `see ${path}\n${tail(path, 80)}`;
      return { note: note ?? summary(counts), value: counts, failed: counts.failed > 0 };
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      failure.text = error.message;
      return { note: 'could not be run', value: one('failed'), failed: true };
    }
  });
  if (failure.text) console.log(failure.text);
  return counts;
}

async function command(log, args) {
  const { code, path } = await tryRun(log, args);
  return {
    counts: one(code === 0 ? 'passed' : 'failed'),
    note: code === 0 ? 'clean' : 'wrong',
    path,
  };
}

async function nativeTests(onednn) {
  const googleTest = await bringGoogleTest();
  await buildNativeTests(onednn, googleTest.value);
  return ctest('native-tests', inRoot('build', 'native'), {});
}

async function sanitizedTests(onednn) {
  const googleTest = await bringGoogleTest();
  await buildSanitized(onednn, googleTest.value);
  return ctest('sanitized', inRoot('build', 'sanitized'), SANITIZE_ENV);
}

async function ctest(name, folder, env) {
  const report = freshReport(`${name}.xml`);
  const options = ['--output-on-failure', '--timeout', '600', '-j', `${availableParallelism()}`];
  const args = ['ctest', '--test-dir', folder, '--output-junit', report, ...options];
  const { code, path } = await tryRun(`${name}-run`, args, { env });
  return { counts: ctestCounts(report, code), path };
}

async function vitest() {
  const report = freshReport('vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = [NODE, inRoot('node_modules/vitest/vitest.mjs'), 'run', ...reporters];
  const { code, path } = await tryRun('vitest', args, { env: { NO_COLOR: '1' } });
  return { counts: vitestCounts(report, code), path };
}

function freshReport(name) {
  mkdirSync(inCache('reports'), { recursive: true });
  rmSync(inCache('reports', name), { force: true });
  return inCache('reports', name);
}

async function everything() {
  const onednn = await setup();
  const bin = (path) => [NODE, inRoot('node_modules', path)];
  const sanitize = process.argv.includes('--sanitize');
  const checks = [
    ['types', () => command('typecheck', [...bin('typescript/bin/tsc'), '--noEmit'])],
    [
      "types of the page's script",
      () =>
        command('typecheck-page', [...bin('typescript/bin/tsc'), '-p', 'tsconfig.browser.json']),
    ],
    ['lint', () => command('lint', [...bin('@biomejs/biome/bin/biome'), 'check', '.'])],
    ['native format', () => lintNative()],
    ['native tests', () => nativeTests(onednn)],
    ...(sanitize ? [['native tests, sanitized', () => sanitizedTests(onednn)]] : []),
    ['TypeScript tests', vitest],
  ];
  const counts = [];
  for (const [what, work] of checks) counts.push(await check(what, work));
  return sum(counts);
}

const total = await everything().catch((error) => {
  console.log(error instanceof SetupError ? `\n${error.message}` : error);
  return one('failed');
});
console.log(`\n${summary(total)}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
