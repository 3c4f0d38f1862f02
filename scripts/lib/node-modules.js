import { existsSync, readFileSync } from 'node:fs';
import { inRoot } from './paths.js';
import { run } from './run.js';

/** `npm ci` unless node_modules holds just what package-lock.json says. */
export async function installNodeModules() {
  if (isCurrent()) return { note: 'current' };
  const npm = process.env.npm_execpath;
  await run('npm-ci', [...(npm ? [process.execPath, npm] : ['npm']), 'ci'], {
    // Its optional GPU libraries are hundreds of MB that no test needs.
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip', ONNXRUNTIME_NODE_INSTALL_CUDA: 'skip' },
  });
  return { note: 'npm ci' };
}

function isCurrent() {
  const installed = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const wanted = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const differs = ([path, { version, optional }]) =>
    path !== '' && have[path]?.version !== version && !(optional && !have[path]);
  return !Object.entries(wanted).some(differs);
}
