import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
};
let folder: string;

function run(program: string, args: string[], cwd = folder) {
  // Settings of the npm that runs this test must not reach the one under test.
  const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !/^npm_/i.test(k)));
  const done = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
  if (done.status === 0) return done.stdout;
  throw new Error(`${program} ${args.join(' ')}: ${done.status}\n${done.stdout}\n${done.stderr}`);
}

/** What the installed package's core can do, tried without a compiler on the PATH. */
const node = (code: string) => run(process.execPath, ['--input-type=module', '-e', code]);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'optcmp-pack-'));
  run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT);
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  const tarball = join(folder, `${MANIFEST.name}-${MANIFEST.version}.tgz`);
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball]);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('npx optcmp --help', () => {
  expect(run('npx', ['--no-install', 'optcmp', '--help'])).toContain('Usage: optcmp');
});

test('npx optcmp list', () => {
  expect(run('npx', ['--no-install', 'optcmp', 'list', 'optimizers'])).toContain('adam');
  expect(run('npx', ['--no-install', 'optcmp', 'list', 'workloads'])).toContain('mlp');
});

test('the library loads, with its types', () => {
  expect(node(`console.log(Object.keys(await import('optcmp')).length > 0)`)).toBe('true\n');
  const types = join(folder, 'node_modules', 'optcmp', 'dist', 'index.d.ts');
  expect(readFileSync(types, 'utf8')).toContain('export');
});

test('the prebuilt core loads with the libraries shipped beside it', () => {
  const core = join(folder, 'node_modules/optcmp/prebuilds', `${process.platform}-${process.arch}`);
  const loaded = node(`
    import { createRequire } from 'node:module';
    import { readFileSync } from 'node:fs';
    createRequire(import.meta.url)(${JSON.stringify(join(core, 'optcmp.node'))});
    const maps = readFileSync('/proc/self/maps', 'utf8').match(/\\/\\S*libdnnl\\S*/g) ?? [];
    console.log([...new Set(maps)].join());
  `);
  expect(loaded.trim()).toMatch(new RegExp(`^${core}/libdnnl\\.so\\.\\d+$`));
});

test('without a core that loads and without a compiler, installing warns and succeeds', () => {
  const bare = join(folder, 'bare', 'node_modules', 'optcmp');
  cpSync(join(folder, 'node_modules', 'optcmp', 'scripts'), join(bare, 'scripts'), {
    recursive: true,
  });
  const script = spawnSync(process.execPath, [join(bare, 'scripts', 'install.js')], {
    env: { PATH: join(folder, 'nothing') },
    encoding: 'utf8',
  });
  expect(script.status).toBe(0);
  expect(script.stderr).toMatch(
    /^optcmp: no prebuilt core for this system, and it could not be built: there is no C\+\+.*\n$/,
  );
});

test('the install script leaves a prebuilt core alone', () => {
  const installed = join(folder, 'node_modules', 'optcmp');
  const script = run(process.execPath, [join(installed, 'scripts/install.js')]);
  expect(script).toBe('');
  expect(() => readFileSync(join(installed, 'build/Release/optcmp.node'))).toThrow('ENOENT');
});
