import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pages } from '../../src/docs/pages.js';

const committed = (path: string) =>
  readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');

/** When one fails: npm run build:ts && node dist/docs/write-pages.js */
describe('the generated documentation is up to date', () => {
  it.each(pages().map(({ path, content }) => [path, content]))('%s', (path, content) => {
    expect(committed(path)).toBe(content);
  });
});
