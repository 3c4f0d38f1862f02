import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { engineInfo } from '../engine/index.js';

/**
 * What results and timings were made with. `isa` and `onednn` select the arithmetic: results agree to the bit only
 * where they are the same.
 * @throws Error when the native core is missing
 */
export function describeMachine(): Record<string, string> {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const { onednn, isa, bf16, bf16Obstacle } = engineInfo();
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: `${availableParallelism()}`,
    memory: `${Math.round(totalmem() / 2 ** 20)} MiB`,
    os: `${process.platform} ${release()} ${process.arch}`,
    node: process.versions.node,
    optcmp: version,
    onednn,
    isa,
    bf16: bf16Obstacle === undefined ? bf16 : 'not available',
  };
}
