/**
 * A training step of a character model (embedding, two LSTM layers of 128 units, 50 × 50 characters) against PyTorch and
 * against the machine's matrix products, all in one run. PyTorch's best mode is the faster of eager and compiled.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  fastest,
  interleave,
  median,
  medianRatio,
  milliseconds,
  Peer,
  peerFile,
  printClaims,
  python,
} from './harness.js';

const rounds = Number(process.env.OPTCMP_BENCH_ROUNDS ?? 7);
const steps = 8;
/** [m, k, n] of a product that is large enough to run at the machine's best. */
const LARGE = [2048, 512, 512];

const folder = mkdtempSync(join(tmpdir(), 'optcmp-bench-'));
const model = join(folder, 'char-lstm.onnx');
const claims = [];
for (const threads of [1, 2]) {
  const ours = new Peer(process.execPath, [peerFile('char_lstm.js')]);
  const pytorch = new Peer(python, [peerFile('char_lstm.py')]);
  await pytorch.ask({ export: model });
  const seconds = (peer, request) => async () => (await peer.ask({ ...request, threads })).seconds;
  const values = await interleave(
    {
      ours: seconds(ours, { model, steps }),
      eager: seconds(pytorch, { mode: 'eager', steps }),
      compiled: seconds(pytorch, { mode: 'compiled', steps }),
      gemm: async () => (await pytorch.ask({ gemm: LARGE, threads })).gflops,
    },
    rounds,
  );
  const { kernels, flops } = await ours.ask({ model, threads, profile: 20 });
  ours.close();
  pytorch.close();

  const { ours: mine, gemm, ...theirs } = values;
  const mode = fastest(theirs);
  const rate = flops / median(mine) / 1e9;
  const label = `char-LSTM, batch 50, fused Adam, ${threads} thread${threads > 1 ? 's' : ''}`;
  const sum = (list) => list.reduce((total, kernel) => total + kernel.seconds, 0);
  claims.push(
    {
      claim: label,
      measured: `ours ${milliseconds(median(mine))}, PyTorch (${mode}) ${milliseconds(median(theirs[mode]))}`,
      ratio: medianRatio(theirs[mode], mine),
      limit: threads === 1 ? 1.2 : 1,
      atLeast: true,
    },
    {
      claim: `${label}: all kernels against recurrences and products`,
      measured: `${rate.toFixed(0)} GFLOP/s, ${((100 * rate) / median(gemm)).toFixed(0)} % of a large product's ${median(gemm).toFixed(0)}`,
      ratio: sum(kernels) / sum(kernels.filter(({ compute }) => compute)),
      limit: 1.15,
      atLeast: false,
    },
  );
}
rmSync(folder, { recursive: true });

printClaims('Recurrent layers', claims);
