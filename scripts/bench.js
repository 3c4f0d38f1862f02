#!/usr/bin/env node
// npm run bench [-- NAME[:CASE]…]: every bench/*.bench.js, each in a process of its own, one after the other, or those
// whose name contains one of NAME, with CASE as their argument. Fails when one of them does.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { inRoot } from './lib/paths.js';
import { SetupError } from './lib/run.js';
import { main } from './lib/step.js';
import { setup } from './setup.js';

await main(async () => {
  const wanted = process.argv.slice(2).map((argument) => argument.split(':'));
  const all = readdirSync(inRoot('bench')).filter((name) => name.endsWith('.bench.js'));
  const chosen = all.filter(
    (name) => !wanted.length || wanted.some(([part]) => name.includes(part)),
  );
  if (!chosen.length) throw new SetupError(`no such benchmark; there are ${all.join(', ')}`);
  await setup();
  const failed = chosen.filter((name) => {
    console.log(`\n— ${name.replace('.bench.js', '')}\n`);
    const cases = wanted.flatMap(([part, ...rest]) => (name.includes(part) ? rest : []));
    const { status } = spawnSync(process.execPath, [inRoot('bench', name), ...cases], {
      cwd: inRoot(),
      stdio: 'inherit',
    });
    return status !== 0;
  });
  if (failed.length) throw new SetupError(`failed: ${failed.join(', ')}`);
});
