#!/usr/bin/env node
// node scripts/zoo/zoo.js [--python PYTHON] [--keras PYTHON] [--forms A,B] [--csv FILE] [PATTERN…]: exports models of
// other libraries in every form, trains them for one step and compares the gradients with the library's own; see
// docs/EXPORTING.md. A pattern is part of a model's name, such as timm/ or bert.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const { values: options, positionals: patterns } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    keras: { type: 'string' },
    forms: { type: 'string' },
    csv: { type: 'string' },
  },
});

const SECONDS = 180;

const LIBRARIES = [
  {
    python: options.python,
    script: here('export.py'),
    forms: [
      'torchscript',
      'torchscript-training',
      'plain-torchscript',
      'dynamo',
      'dynamo-unoptimized',
      'plain-dynamo',
      'optcmp',
    ],
  },
  ...(options.keras
    ? [
        {
          python: options.keras,
          script: here('export_keras.py'),
          forms: ['tf2onnx', 'keras', 'optcmp'],
        },
      ]
    : []),
];

/** A process that answers a line with a line; started again when it ends. */
class Exporter {
  #command;
  #child;
  #lines;

  constructor(...command) {
    this.#command = command;
  }

  async ask(request) {
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) {
      const [file, ...args] = this.#command;
      this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] });
      this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    }
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    return done ? { error: 'the exporter ended the process' } : JSON.parse(value);
  }

  close() {
    this.#child?.stdin.end();
  }
}

function compare(folder, ...flags) {
  const { stdout, signal, status } = spawnSync(
    process.execPath,
    ['--max-old-space-size=6000', here('compare.js'), folder, ...flags],
    { encoding: 'utf8', timeout: SECONDS * 1000, maxBuffer: 2 ** 28 },
  );
  const line = stdout.trim().split('\n').at(-1);
  return line ? JSON.parse(line) : { crash: signal ?? `exit ${status}` };
}

/** What a file comes to: one word, the error of the gradients, and why. */
async function judge(exporter, request) {
  const exported = await exporter.ask(request);
  if (exported.error) return { verdict: 'not exported', reason: exported.error };
  const found = compare(request.folder);
  if (found.crash) return { verdict: 'crash', reason: found.crash };
  if (found.refused) return { verdict: 'refused', reason: found.refused };
  if (found.share === 0) return { ...found, verdict: 'nothing to compare', reason: '' };
  if (found.matches) return { ...found, verdict: 'matches' };
  const exact = compare(request.folder, '--float64');
  const inFloat32 = `in float32 ${exponential(found.error)} of ${found.name}`;
  if (exact.matches) return { ...exact, verdict: 'matches', reason: inFloat32 };
  const where = exact.name ? `${exact.name} in float64; ${inFloat32}` : inFloat32;
  // Where float64 takes too long, this tells a sign that float32 rounds to the other side.
  const isTie = found.nearest < 2e-6 && !exact.name;
  const reason = isTie ? `${where}; a ReLU's input is ${exponential(found.nearest)}` : where;
  return { ...found, ...exact, verdict: 'differs', reason };
}

const exponential = (x) => (typeof x === 'number' ? x.toExponential(1) : `${x ?? ''}`);

const tally = {};
for (const { python, script, forms } of LIBRARIES) {
  const { stdout, stderr, status } = spawnSync(python, [script, '--list'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${python} ${script} failed:\n${stderr}`);
  const names = stdout
    .trim()
    .split('\n')
    .filter((name) => !patterns.length || patterns.some((part) => name.includes(part)));
  const exporter = new Exporter(python, script);
  const wanted = forms.filter((form) => !options.forms || options.forms.split(',').includes(form));
  for (const model of names) {
    for (const form of wanted) {
      const folder = mkdtempSync(`${tmpdir()}/zoo-`);
      const result = await judge(exporter, { model, form, folder });
      rmSync(folder, { recursive: true });
      report(model, form, result);
    }
  }
  exporter.close();
}
console.log(
  `\n${Object.entries(tally)
    .map(([verdict, count]) => `${count} ${verdict}`)
    .join(', ')}`,
);

function report(model, form, { verdict, error, share, rounding, reason = '' }) {
  tally[verdict] = (tally[verdict] ?? 0) + 1;
  const percent = share === undefined ? '' : `${Math.round(100 * share)} %`;
  const cells = [
    model,
    form,
    verdict,
    exponential(error),
    exponential(rounding),
    percent,
    reason.replaceAll('\n', ' '),
  ];
  const widths = [34, 21, 13, 8, 8, 6, 0];
  console.log(
    cells
      .map((cell, k) => cell.padEnd(widths[k]))
      .join(' ')
      .trimEnd(),
  );
  if (options.csv)
    appendFileSync(options.csv, `${cells.map((cell) => JSON.stringify(cell)).join(',')}\n`);
}
