import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { writeSmallStudy } from './support/small-study.js';

const inRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'optcmp-library-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the library', () => {
  it('runs the documented comparison', () => {
    const script = inRoot('docs/examples/compare.js');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [script, writeSmallStudy(folder)],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('8 trials complete; report: ');
    expect(existsSync(join(folder, 'report', 'index.html'))).toBe(true);
  });

  it('is documented as it is', () => {
    const script = readFileSync(inRoot('docs/examples/compare.js'), 'utf8');
    expect(readFileSync(inRoot('docs/LIBRARY.md'), 'utf8')).toContain(script);
    expect(script.trim().split('\n').length).toBeLessThanOrEqual(16);
  });
});
