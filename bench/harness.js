/** What the benchmarks share: peers as line-JSON processes, medians, and the table of claims. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const python = process.env.OPTCMP_PYTHON ?? 'python3';

/** A process that answers each JSON line with a JSON line. */
export class Peer {
  constructor(command, args) {
    this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    this.process.on('error', (error) => console.error(`${command}: ${error.message}`));
  }

  static ours() {
    return new Peer(process.execPath, [peerFile('optcmp.js')]);
  }

  static pytorch() {
    return new Peer(python, [peerFile('pytorch.py')]);
  }

  async ask(request) {
    this.process.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`benchmark peer ended while answering ${JSON.stringify(request)}`);
    return JSON.parse(value);
  }

  close() {
    this.process.stdin.end();
  }
}

export function peerFile(name) {
  return fileURLToPath(new URL(`./peers/${name}`, import.meta.url));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs the named sides in turn, `rounds` times, and returns each side's values in round order.
 * @param {Record<string, () => Promise<number>>} sides
 */
export async function interleave(sides, rounds) {
  const values = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(sides)) values[name].push(await measure());
  }
  return values;
}

/** Median over rounds of numerator/denominator measured in the same round. */
export function medianRatio(numerators, denominators) {
  return median(numerators.map((value, i) => value / denominators[i]));
}

/** The side with the smallest median. */
export function fastest(values) {
  return Object.keys(values).reduce((a, b) => (median(values[a]) <= median(values[b]) ? a : b));
}

/**
 * Prints claims as a table. A claim is { claim, measured, ratio, limit, atLeast } where `atLeast`
 * says whether the ratio must reach the limit or stay under it.
 */
export function printClaims(title, claims) {
  console.log(`\n${title}`);
  const rows = claims.map(({ claim, measured, ratio, limit, atLeast }) => [
    claim,
    measured,
    ratio.toFixed(2),
    `${atLeast ? '≥' : '≤'} ${limit}`,
    (atLeast ? ratio >= limit : ratio <= limit) ? 'met' : 'NOT MET',
  ]);
  const header = ['claim', 'measured', 'ratio', 'limit', ''];
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i].length)));
  for (const row of [header, ...rows]) {
    console.log(`  ${row.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd());
  }
}

export function milliseconds(seconds) {
  return seconds < 0.01 ? `${(seconds * 1e6).toFixed(0)} µs` : `${(seconds * 1e3).toFixed(1)} ms`;
}
