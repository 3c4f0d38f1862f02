#!/usr/bin/env node
// npm's install script of the package: takes the prebuilt core when it loads here, else builds it. Never fails the
// install, since all but training works without the core. Does nothing in a checkout, where scripts/setup.js builds.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { buildAddon } from './lib/build.js';
import { findOneDnn, hasBuildTools } from './lib/onednn.js';
import { inRoot } from './lib/paths.js';

const PREBUILT = inRoot('prebuilds', `${process.platform}-${process.arch}`, 'optcmp.node');

/** In a process of its own: a library made for another system can do worse than throw. */
const loads = (path) =>
  existsSync(path) &&
  spawnSync(process.execPath, ['-e', 'require(process.argv[1])', path]).status === 0;

/** @returns {Promise<string | undefined>} why there is no core */
async function build() {
  if (!hasBuildTools()) return 'there is no C++ compiler, CMake or make';
  const onednn = findOneDnn();
  if (!onednn) return 'there is no oneDNN (apt-get install libdnnl-dev)';
  try {
    await buildAddon(onednn);
    return undefined;
  } catch (error) {
    return error.message;
  }
}

if (!existsSync(inRoot('src')) && !loads(PREBUILT)) {
  const problem = await build();
  if (problem) {
    console.warn(
      `optcmp: no prebuilt core for this system, and it could not be built: ${problem}. ` +
        'Training will not work until `npm rebuild optcmp` succeeds.',
    );
  }
}
