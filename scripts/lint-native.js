#!/usr/bin/env node
// npm run lint, npm run format: the format of the C++ sources. --fix corrects it.
import { lintNative } from './lib/lint-native.js';
import { SetupError, tail } from './lib/run.js';
import { main } from './lib/step.js';

await main(async () => {
  const { counts, note, path } = await lintNative({ fix: process.argv.includes('--fix') });
  if (counts.failed) throw new SetupError(tail(path, 200));
  console.log(`C++ format: ${note}`);
});
