#!/usr/bin/env node
// npm's prepack script: dist/ and prebuilds/, so that installing the package needs no compiler.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { unpacked } from './lib/debian.js';
import { inRoot } from './lib/paths.js';
import { output, run, SetupError } from './lib/run.js';
import { main, step } from './lib/step.js';
import { setup } from './setup.js';

const CORE = inRoot('build/Release/optcmp.node');

/** Libraries that go with the core, and what Debian calls their packages. */
const SHIPPED = { dnnl: 'libdnnl2', OpenCL: 'ocl-icd-libopencl1', gomp: 'libgomp1' };

/** The core beside the libraries it needs: its RPATH begins with its own folder. */
async function prebuild() {
  const folder = inRoot('prebuilds', `${process.platform}-${process.arch}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const core = join(folder, 'optcmp.node');
  cpSync(CORE, core);
  await run('strip', ['strip', '--strip-unneeded', core]);
  const libraries = neededLibraries();
  for (const path of libraries) cpSync(path, join(folder, basename(path)), { dereference: true });
  writeFileSync(join(folder, 'NOTICE'), notices(libraries));
  return { note: libraries.map((path) => basename(path)).join(', ') };
}

function neededLibraries() {
  const lines = output('ldd', [CORE])?.split('\n') ?? [];
  const paths = lines.map((text) => text.match(/=> (\/\S+)/)?.[1]).filter(Boolean);
  const shipped = paths.filter((path) =>
    Object.keys(SHIPPED).some((name) => basename(path).startsWith(`lib${name}.so`)),
  );
  if (shipped.some((path) => basename(path).startsWith('libdnnl'))) return shipped;
  throw new SetupError(
    'the core does not load oneDNN: its library is not among those that ldd names',
  );
}

/** Copyright notices of the libraries shipped. */
function notices(libraries) {
  return libraries
    .map((path) => {
      const name = Object.keys(SHIPPED).find((key) => basename(path).startsWith(`lib${key}.so`));
      return `${basename(path)}\n\n${copyright(SHIPPED[name])}`;
    })
    .join(`\n${'='.repeat(80)}\n\n`);
}

function copyright(debianPackage) {
  const file = `usr/share/doc/${debianPackage}/copyright`;
  const path = unpacked(file) ?? `/${file}`;
  if (existsSync(path)) return readFileSync(path, 'utf8');
  throw new SetupError(`${path}: the licence of a library to be shipped is missing`);
}

await main(async () => {
  await setup();
  await step('prebuilt core', prebuild);
});
