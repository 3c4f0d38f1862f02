#!/usr/bin/env node
// npm run build:ts: src/ → dist/.
import { buildTypeScript } from './lib/build.js';
import { main, step } from './lib/step.js';

await main(async () => {
  await step('TypeScript', buildTypeScript);
});
