/**
 * One update of a model's parameters by each rule of whole tensors, beside PyTorch's, timm's, pytorch_optimizer's or the
 * authors', and beside the least time that the memory traffic and products which it cannot do without take on this machine.
 * Shampoo and SOAP refresh their preconditioners every 10 steps on both sides, and all means are over multiples of that.
 * Muon’s products are in float32 here, bfloat16 there.
 *
 *   node bench/structured.bench.js [rule | model | threads…]
 */
import { getOptimizer } from '../dist/index.js';
import {
  interleave,
  median,
  medianRatio,
  milliseconds,
  Peer,
  peerFile,
  printClaims,
  python,
} from './harness.js';
import { leastWork } from './least-work.js';

const rounds = Number(process.env.OPTCMP_BENCH_ROUNDS ?? 3);
const rules = [
  'lars',
  'lamb',
  'adafactor/pytorch',
  'muon',
  'prodigy',
  'dadapt-adam',
  'shampoo',
  'soap',
];
/** Matrices of 128 × 784 and 10 × 128; 95 small tensors; 29 matrices of 128 to 1000 and vectors. */
const models = ['mlp', 'resnet-32', 'transformer-lm-small'];
const among = (all) => {
  const chosen = all.filter((name) => process.argv.slice(2).includes(String(name)));
  return chosen.length > 0 ? chosen : all;
};

for (const threads of among([1, 2])) {
  for (const model of among(models)) {
    const claims = [];
    for (const rule of among(rules)) claims.push(await measure(model, rule, threads));
    printClaims(
      `${model}: time of others’ update over ours (${threads} thread${threads > 1 ? 's' : ''})`,
      claims,
    );
  }
}

/** Both sides in turn. */
async function measure(model, rule, threads) {
  const steps = rule === 'shampoo' || rule === 'soap' ? 20 : 100;
  const optcmp = new Peer(process.execPath, [peerFile('structured.js')]);
  const torch = new Peer(python, [peerFile('structured.py')]);
  let shapes = [];
  let by = '';
  let machine;
  const { ours, theirs } = await interleave(
    {
      ours: async () => {
        const answer = await optcmp.ask({ model, rule, threads, steps });
        shapes = answer.shapes;
        return answer.seconds;
      },
      theirs: async () => {
        const answer = await torch.ask({ rule, threads, steps, shapes });
        ({ by, machine } = answer);
        return answer.seconds;
      },
    },
    rounds,
  );
  optcmp.close();
  torch.close();
  const { bytes, flops } = leastWork(getOptimizer(...rule.split('/')), shapes);
  const least = bytes / machine.bandwidth + flops / machine.flops;
  const share = `${((100 * least) / median(ours)).toFixed(0)} % of it the least`;
  return {
    claim: `${rule}, ${by}`,
    measured: `ours ${milliseconds(median(ours))}, ${share}; theirs ${milliseconds(median(theirs))}`,
    ratio: medianRatio(theirs, ours),
    limit: 1,
    atLeast: true,
  };
}
