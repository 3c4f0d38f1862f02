import { type Browser, chromium } from 'playwright-core';

/** Chromium without a window, of the npm package that carries it, so that tests need no installed browser. */
export async function openBrowser(): Promise<Browser> {
  // With this the package brings the libraries too that a bare machine lacks.
  process.env['AWS_EXECUTION_ENV'] ??= 'AWS_Lambda_nodejs20.x';
  const { default: packaged } = await import('@sparticuz/chromium');
  return chromium.launch({
    executablePath: await packaged.executablePath(),
    args: ['--no-sandbox', '--no-zygote'],
    headless: true,
  });
}
