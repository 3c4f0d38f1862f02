#!/usr/bin/env node
// npm run build:native, and what binding.gyp delegates to: native/ → build/Release/optcmp.node.
import { buildAddon } from './lib/build.js';
import { bringOneDnn } from './lib/onednn.js';
import { main, step } from './lib/step.js';
import { checkTools } from './lib/tools.js';

await main(async () => {
  await step('tools', checkTools);
  const { value } = await bringOneDnn();
  await step('native core', () => buildAddon(value));
});
