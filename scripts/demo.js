#!/usr/bin/env node
// npm run demo: sets up, runs a small real study, prints its ranking and where the report is.
import { spawnSync } from 'node:child_process';
import { inRoot } from './lib/paths.js';
import { main } from './lib/step.js';
import { setup } from './setup.js';

const STUDY = 'studies/quickstart.yaml';

await main(async () => {
  await setup();
  console.log('');
  for (const command of [['run', ...process.argv.slice(2)], ['report']]) {
    const [name, ...options] = command;
    const cli = [inRoot('dist/cli/main.js'), name, STUDY, ...options];
    const { status } = spawnSync(process.execPath, cli, { cwd: inRoot(), stdio: 'inherit' });
    if (status !== 0) return status ?? 1;
  }
  return 0;
});
