/**
 * One update of the Fashion-MNIST perceptron's parameters (matrices of 128 × 784 and 10 × 128) by each rule of whole tensors,
 * beside PyTorch's, timm's, pytorch_optimizer's or the authors'. Shampoo and SOAP refresh their preconditioners every 10
 * steps on both sides, and all means are over multiples of that. Muon’s products are in float32 here, bfloat16 there.
 */
import {
  median,
  medianRatio,
  milliseconds,
  Peer,
  peerFile,
  printClaims,
  python,
} from './harness.js';

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
const chosen = process.argv.slice(2).filter((name) => rules.includes(name));

for (const threads of [1, 2]) {
  const claims = [];
  for (const rule of chosen.length > 0 ? chosen : rules) claims.push(await measure(rule, threads));
  printClaims(
    `Time of others’ update over ours (${threads} thread${threads > 1 ? 's' : ''})`,
    claims,
  );
}

/** Both sides in turn. */
async function measure(rule, threads) {
  const steps = rule === 'shampoo' || rule === 'soap' ? 20 : 100;
  const optcmp = new Peer(process.execPath, [peerFile('structured.js')]);
  const torch = new Peer(python, [peerFile('structured.py')]);
  const ours = [];
  const theirs = [];
  let by = '';
  for (let round = 0; round < rounds; round++) {
    const { seconds, shapes } = await optcmp.ask({ rule, threads, steps });
    ours.push(seconds);
    const answer = await torch.ask({ rule, threads, steps, shapes });
    theirs.push(answer.seconds);
    by = answer.by;
  }
  optcmp.close();
  torch.close();
  return {
    claim: `${rule}, ${by}`,
    measured: `ours ${milliseconds(median(ours))}, theirs ${milliseconds(median(theirs))}`,
    ratio: medianRatio(theirs, ours),
    limit: 1,
    atLeast: true,
  };
}
