#!/usr/bin/env node
// Brings and builds all that the project needs, and does nothing the second time. Only Node's own modules here: this
// runs before there are any others.
import { buildAddon, buildTypeScript } from './lib/build.js';
import { bringFashionMnist } from './lib/fashion-mnist.js';
import { installNodeModules } from './lib/node-modules.js';
import { bringOneDnn } from './lib/onednn.js';
import { main, step } from './lib/step.js';
import { checkTools } from './lib/tools.js';

/** @returns {Promise<import('./lib/onednn.js').OneDnn>} the oneDNN that the addon was built with */
export async function setup() {
  await step('tools', checkTools);
  await step('Node packages', installNodeModules);
  await step('TypeScript', buildTypeScript);
  const onednn = await step('oneDNN', async () => {
    const { value, from } = await bringOneDnn();
    return { note: `${value.version}, ${from}`, value };
  });
  await step('Fashion-MNIST', bringFashionMnist);
  await step('native core', () => buildAddon(onednn));
  return onednn;
}

if (process.argv[1] === import.meta.filename) await main(async () => void (await setup()));
