/**
 * The report of a study of 10,000 trials, 20 measurements each: how long it takes to write, and how long a browser
 * takes from opening the file to its first picture and to the end of loading.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import packaged from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import { writeReport } from '../dist/index.js';
import { median, milliseconds, printClaims } from './harness.js';

const rounds = Number(process.env.OPTCMP_BENCH_ROUNDS ?? 5);
const TRIALS = 2500;
const STEPS = 20;
const OPTIMIZERS = ['sgd', 'momentum', 'adam', 'nadam'];
const LIMIT_SECONDS = 1;

const golden = (i, axis) => ((i + 1) * Math.sqrt(axis + 2)) % 1;

/** Trials over three axes; a tenth of them diverges. */
function study() {
  const axis = (low, high) => ({ kind: 'log', low, high });
  const space = { lr: axis(1e-4, 10), '1-beta1': axis(1e-3, 1), epsilon: axis(1e-10, 1) };
  const spec = {
    name: 'ten-thousand',
    workloads: ['synthetic'],
    optimizers: OPTIMIZERS.map((name) => ({
      label: name,
      optimizer: name,
      space,
      schedule: 'constant',
    })),
    objective: { metric: 'classification_error', split: 'validation', over: 'best' },
  };
  const data = {
    study: { name: 'ten-thousand', spec, hash: '', machine: {}, createdAt: '2026-01-01T00:00:00Z' },
    stages: [],
    trials: [],
    measurements: [],
  };
  for (const optimizer of OPTIMIZERS) {
    for (let number = 0; number < TRIALS; number++) {
      const point = Object.fromEntries(
        Object.entries(space).map(([name, { low, high }], i) => [
          name,
          low * (high / low) ** golden(number, i),
        ]),
      );
      const id = data.trials.length + 1;
      const state = golden(number, 5) < 0.1 ? 'infeasible' : 'complete';
      data.trials.push({
        ...{ id, workload: 'synthetic', optimizer, number, repetition: 0, state, reason: null },
        ...{ point, hyperparameters: point, seed: String(id), stage: 0, attempts: 1, seconds: 3 },
      });
      const floor = 0.08 + 0.5 * Math.abs(golden(number, 0) - 0.5) + 0.05 * golden(number, 1);
      for (let i = 1; i <= STEPS; i++) {
        const at = { trial: id, step: 100 * i, metric: 'classification_error', seconds: i };
        const value = floor + (0.9 - floor) * Math.exp(-i / 3);
        data.measurements.push({ ...at, split: 'validation', value });
        data.measurements.push({ ...at, split: 'test', value: value + 0.003 });
      }
    }
  }
  return data;
}

/** Seconds from the request to the first picture, and to the end of loading, in a fresh page. */
async function open(browser, address) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  await page.goto(address);
  const times = await page.evaluate(() => {
    const [{ loadEventEnd }] = performance.getEntriesByType('navigation');
    const [{ startTime }] = performance.getEntriesByName('first-contentful-paint');
    return {
      picture: startTime / 1e3,
      loaded: loadEventEnd / 1e3,
      elements: document.querySelectorAll('*').length,
    };
  });
  await page.close();
  return times;
}

const folder = await mkdtemp(join(tmpdir(), 'optcmp-bench-'));
const browser = await chromium.launch({
  executablePath: await packaged.executablePath(),
  args: ['--no-sandbox', '--no-zygote'],
});
try {
  const data = study();
  const start = performance.now();
  const { html } = await writeReport(data, folder);
  const writing = (performance.now() - start) / 1e3;
  const { size } = await stat(html);
  const opened = [];
  for (let round = 0; round < rounds; round++)
    opened.push(await open(browser, pathToFileURL(html).href));
  const picture = median(opened.map((times) => times.picture));
  const loaded = median(opened.map((times) => times.loaded));
  console.log(
    `${data.trials.length} trials: written in ${writing.toFixed(1)} s, ${(size / 2 ** 20).toFixed(1)} MiB, ` +
      `${opened[0].elements} elements`,
  );
  const limit = { limit: LIMIT_SECONDS, atLeast: false };
  printClaims(`a report of ${data.trials.length} trials opens in under a second`, [
    { claim: 'first picture, s', measured: milliseconds(picture), ratio: picture, ...limit },
    { claim: 'loaded, s', measured: milliseconds(loaded), ratio: loaded, ...limit },
  ]);
} finally {
  await browser.close();
  await rm(folder, { recursive: true });
}
