import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '../../src/trial/checkpoint-file.js';

const folder = mkdtempSync(join(tmpdir(), 'optcmp-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'c');

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);

describe('a checkpoint file', () => {
  it('gives back what was written, to the bit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        finite,
        fc.uint8Array({ maxLength: 200 }),
        async (step, lossSum, engine) => {
          const progress = { step, lossSum, lossCount: 3, seconds: 0.1 };
          await writeCheckpoint(path, { progress, engine });
          const read = await readCheckpoint(path);
          expect(read.progress).toEqual(progress);
          expect(Buffer.from(read.engine).equals(engine)).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is refused when any byte of it changed or is missing', async () => {
    const progress = { step: 1, lossSum: 2, lossCount: 3, seconds: 4 };
    await writeCheckpoint(path, { progress, engine: new Uint8Array(40) });
    const bytes = readFileSync(path);
    const position = fc.nat({ max: bytes.length - 1 });
    await fc.assert(
      fc.asyncProperty(position, fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        writeFileSync(path, changed);
        await expect(readCheckpoint(path)).rejects.toThrow(path);
        writeFileSync(path, bytes.subarray(0, at));
        await expect(readCheckpoint(path)).rejects.toThrow(path);
      }),
    );
  });
});
