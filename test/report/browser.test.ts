import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { viewStudy } from '../../src/report/study-view.js';
import { writeReport } from '../../src/report/write-report.js';
import { openBrowser } from '../support/browser.js';
import { syntheticStudy } from '../support/synthetic-study.js';

interface Drawn {
  /** On the screen: x' = a x + e, y' = d y + f. */
  getScreenCTM(): Record<'a' | 'd' | 'e' | 'f', number>;
}

const data = syntheticStudy({ optimizers: ['sgd', 'momentum', 'adam'], trials: 24 });

describe('a report in Chromium', { timeout: 60_000 }, () => {
  let browser: Browser;
  let folder: string;
  let address: string;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'optcmp-browser-'));
    const { html } = await writeReport(data, folder, { resamples: 50 });
    address = pathToFileURL(html).href;
    browser = await openBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('request', (request) => {
      if (request.url() !== address) problems.push(`asks for ${request.url()}`);
    });
    await page.goto(address);
  });

  afterEach(async () => {
    expect(problems).toEqual([]);
    await page.close();
  });

  const panels = () => page.locator('#hyperparameters-0 [data-series="2"] svg.alive');
  const card = () => page.locator('#trial');

  /** Moves to a dot of the first panel and says whose it is. */
  async function hoverDot(which: number): Promise<string> {
    const dots = panels().first().locator('path[data-trials]').nth(1);
    const strokes = (await dots.getAttribute('d'))?.split('M') ?? [];
    const [x, y] = strokes[which + 1]?.split('h')[0]?.split(',').map(Number) ?? [];
    const { a, d, e, f } = await dots.evaluate((path: unknown) => {
      const { a, d, e, f } = (path as Drawn).getScreenCTM();
      return { a, d, e, f };
    });
    await page.mouse.move(a * (x ?? 0) + e, d * (y ?? 0) + f);
    const trials = await dots.getAttribute('data-trials');
    return trials?.split(' ')[which] ?? '';
  }

  it('tells the trial under the pointer and rings it on every axis', async () => {
    await panels().first().scrollIntoViewIfNeeded();
    expect(await card().isHidden()).toBe(true);
    const number = await hoverDot(3);
    const adam = viewStudy(data)[0]?.competitors[2];
    const point = adam?.points.find((own) => String(own.number) === number);
    const text = ((await card().textContent()) ?? '').replaceAll('\u00a0', ' ');
    expect(text).toContain(`adam, trial ${number}`);
    expect(text).toContain(`${(100 * (point?.validation ?? 0)).toFixed(2)} %`);
    expect(text).toContain('lr/epsilon');
    expect(await page.locator('.ring').count()).toBe(adam?.axes.length);
    await page.mouse.move(5, 5);
    expect(await card().isHidden()).toBe(true);
    expect(await page.locator('.ring').count()).toBe(0);
  });

  it('keeps a trial that is clicked until Escape', async () => {
    await panels().first().scrollIntoViewIfNeeded();
    const number = await hoverDot(0);
    await page.mouse.down();
    await page.mouse.up();
    await hoverDot(2);
    expect(await card().textContent()).toContain(`adam, trial ${number}`);
    await page.keyboard.press('Escape');
    expect(await card().isHidden()).toBe(true);
  });

  it('hides the optimizers whose box is not checked', async () => {
    const curves = '#best-of-trials-0 .wide path[stroke="var(--series-2)"]:visible';
    const own = '#hyperparameters-0 [data-series="2"]:visible';
    const before = [await page.locator(curves).count(), await page.locator(own).count()];
    expect(Math.min(...before)).toBeGreaterThan(0);
    await page.getByRole('checkbox', { name: 'adam' }).uncheck();
    expect(await page.locator(curves).count()).toBe(0);
    expect(await page.locator(own).count()).toBe(0);
    // Colours are those of pairs here.
    const pairs = '#inclusion-gap-0 .wide path[stroke="var(--series-2)"]:visible';
    expect(await page.locator(pairs).count()).toBeGreaterThan(0);
    await page.getByRole('checkbox', { name: 'adam' }).check();
    expect([await page.locator(curves).count(), await page.locator(own).count()]).toEqual(before);
  });

  it.each([320, 390, 768, 1200])('fits a screen of %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    const overflow = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow).toBe(0);
    expect(await page.locator('#ranking-0 .narrow').isVisible()).toBe(width <= 640);
  });

  it('follows the reader to dark, and prints light without what needs a screen', async () => {
    const paper = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(await paper()).toBe('rgb(255, 255, 255)');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await paper()).toBe('rgb(15, 19, 23)');
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    expect(await paper()).toBe('rgb(255, 255, 255)');
    expect(await page.locator('#filter').isVisible()).toBe(false);
    expect(await page.locator('#ranking-0 svg').first().isVisible()).toBe(true);
    expect(await page.locator('#ranking-0 details').isVisible()).toBe(false);
    expect(await page.locator('.warnings summary').first().isVisible()).toBe(true);
  });

  it.each(['light', 'dark'] as const)('has no fault that axe finds in the %s', async (scheme) => {
    await page.emulateMedia({ colorScheme: scheme });
    const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
    await page.evaluate(await readFile(axe, 'utf8'));
    const { violations } = await page.evaluate<AxeResults>('axe.run()');
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  });
});
