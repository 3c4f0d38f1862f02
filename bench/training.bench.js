/**
 * Training steps and trial throughput against PyTorch, both sides in one run.
 * PyTorch's best mode is the fastest of eager, channels_last and compiled.
 */
import {
  fastest,
  interleave,
  median,
  medianRatio,
  milliseconds,
  Peer,
  printClaims,
} from './harness.js';

const rounds = Number(process.env.OPTCMP_BENCH_ROUNDS ?? 7);

const cases = {
  '2c2d': {
    label: '2c2d, batch 256, fused Adam',
    steps: 5,
    modes: ['eager', 'channels_last', 'compiled'],
    limit: 2,
  },
  mlp: {
    label: 'MLP 784-128-10, batch 64, fused Adam',
    steps: 1000,
    modes: ['eager', 'compiled'],
    limit: 2,
  },
};

const claims = [];
const best = {};
for (const [workload, { label, steps, modes, limit }] of Object.entries(cases)) {
  for (const threads of [1, 2]) {
    const ours = Peer.ours();
    const pytorch = Peer.pytorch();
    const side = (peer, request) => async () => (await peer.ask(request)).seconds;
    const values = await interleave(
      {
        ours: side(ours, { workload, threads, steps }),
        ...Object.fromEntries(
          modes.map((mode) => [mode, side(pytorch, { workload, mode, threads, steps })]),
        ),
      },
      rounds,
    );
    ours.close();
    pytorch.close();
    const { ours: mine, ...theirs } = values;
    const mode = fastest(theirs);
    if (threads === 1) best[workload] = mode;
    claims.push({
      claim: `${label}, ${threads} thread${threads > 1 ? 's' : ''}`,
      measured: `ours ${milliseconds(median(mine))}, PyTorch (${mode}) ${milliseconds(median(theirs[mode]))}`,
      ratio: medianRatio(theirs[mode], mine),
      limit: threads === 1 ? limit : 1,
      atLeast: true,
    });
  }
}

for (const [workload, { label, steps }] of Object.entries(cases)) {
  const ours = [Peer.ours(), Peer.ours()];
  const pytorch = [Peer.pytorch(), Peer.pytorch()];
  const rate = (peers, request) => async () => {
    const answers = await Promise.all(peers.map((peer) => peer.ask(request)));
    return answers.reduce((sum, { seconds }) => sum + 1 / seconds, 0);
  };
  const mode = best[workload];
  // Every process warms up alone first, so that no side pays for the other's start.
  for (const peer of ours) await peer.ask({ workload, threads: 1, steps });
  for (const peer of pytorch) await peer.ask({ workload, mode, threads: 1, steps });
  await pytorch[0].ask({ workload, mode, threads: 2, steps });
  const values = await interleave(
    {
      one: rate(ours.slice(0, 1), { workload, threads: 1, steps }),
      two: rate(ours, { workload, threads: 1, steps }),
      processes: rate(pytorch, { workload, mode, threads: 1, steps }),
      threads: rate(pytorch.slice(0, 1), { workload, mode, threads: 2, steps }),
    },
    rounds,
  );
  for (const peer of [...ours, ...pytorch]) peer.close();
  const theirs = median(values.processes) > median(values.threads) ? 'processes' : 'threads';
  const perSecond = (rates) => `${median(rates).toPrecision(3)} steps/s`;
  claims.push(
    {
      claim: `${label}: two trials side by side against one`,
      measured: `${perSecond(values.two)} against ${perSecond(values.one)}`,
      ratio: medianRatio(values.two, values.one),
      limit: 1.8,
      atLeast: true,
    },
    {
      claim: `${label}: trial throughput on two cores`,
      measured: `ours ${perSecond(values.two)}, PyTorch (${theirs}) ${perSecond(values[theirs])}`,
      ratio: medianRatio(values.two, values[theirs]),
      limit: 1.4,
      atLeast: true,
    },
  );
}

{
  const ours = Peer.ours();
  const { residentBytes } = await ours.ask({ workload: '2c2d', threads: 1, steps: 5 });
  ours.close();
  const megabytes = residentBytes / 1e6;
  claims.push({
    claim: '2c2d at batch 256: resident memory of a trial (MB)',
    measured: `${megabytes.toFixed(0)} MB`,
    ratio: megabytes,
    limit: 400,
    atLeast: false,
  });
}

printClaims('Training', claims);
