import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { writeSmallStudy } from '../support/small-study.js';

const inRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const CLI = inRoot('dist/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'optcmp-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const study = writeSmallStudy(folder);

function optcmp(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('optcmp run, status, report', () => {
  it('takes a study from its file to a ranking and a report', () => {
    const run = optcmp('run', study);
    expect(run).toMatchObject({ status: 0 });
    expect(run.stdout).toContain('8 of 8 trials done');
    expect(run.stdout).toContain(`optcmp report ${study}`);

    const again = optcmp('run', study, '--json');
    expect(again.status).toBe(0);
    const events = again.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ kind }) => kind)).toEqual(['study_started', 'study_finished']);

    const status = JSON.parse(optcmp('status', study, '--json').stdout);
    expect(status.optimizers).toMatchObject([
      { optimizer: 'sgd', states: { complete: 4, waiting: 0 } },
      { optimizer: 'adam', states: { complete: 4, waiting: 0 } },
    ]);

    const report = optcmp('report', study);
    expect(report.status).toBe(0);
    expect(report.stdout).toMatch(/1\s+(adam|sgd)\s+\d+\.\d\d\s%/);
    const html = /Report: (.*)/.exec(report.stdout)?.[1] ?? '';
    expect(readFileSync(join(folder, html), 'utf8')).toContain('<svg');

    const json = JSON.parse(optcmp('report', study, '--json').stdout);
    expect(json.workloads[0].rows).toHaveLength(2);
    expect(existsSync(join(folder, json.files.csv[0]))).toBe(true);
  });

  it('puts two studies side by side', () => {
    expect(optcmp('run', study, '--db', 'twin.sqlite')).toMatchObject({ status: 0 });
    const first = join('optcmp-results', `${basename(study, '.yaml')}.sqlite`);
    const compared = optcmp('compare', first, 'twin.sqlite', '--output', 'both', '--json');
    expect(compared.stderr).toBe('');
    const { rows } = JSON.parse(compared.stdout).workloads[0];
    const best = (label: string) =>
      rows.find((row: { optimizer: string }) => row.optimizer === label).validation.value;
    const name = basename(study, '.yaml');
    expect(rows).toHaveLength(4);
    expect(best('adam (twin)')).toBe(best(`adam (${name})`));
    expect(existsSync(join(folder, 'both', 'index.html'))).toBe(true);
    expect(optcmp('compare', first)).toMatchObject({
      status: 1,
      stderr: 'optcmp: comparing needs two studies or more\n',
    });
  });

  it('stops in order at SIGINT and goes on', async () => {
    const args = ['run', study, '--db', 'interrupted.sqlite', '--workers', '1', '--json'];
    const child = spawn(process.execPath, [CLI, ...args], { cwd: folder });
    let output = '';
    for await (const chunk of child.stdout) {
      if (!output.includes('trial_finished') && `${output}${chunk}`.includes('trial_finished')) {
        child.kill('SIGINT');
      }
      output += chunk;
    }
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(130);
    expect(output).toContain('"aborted":true');
    expect(optcmp(...args).status).toBe(0);
    const { optimizers } = JSON.parse(optcmp('status', 'interrupted.sqlite', '--json').stdout);
    expect(optimizers).toMatchObject([{ states: { complete: 4 } }, { states: { complete: 4 } }]);
  });
});

describe('optcmp list', () => {
  it.each([
    ['optimizers', 'name'],
    ['schedules', 'kind'],
    ['workloads', 'name'],
    ['studies', 'name'],
  ])('%s, for people and for programs', (what, key) => {
    const items: Record<string, string>[] = JSON.parse(optcmp('list', what, '--json').stdout);
    expect(items.length).toBeGreaterThan(1);
    const text = optcmp('list', what).stdout;
    for (const item of items) expect(text).toContain(item[key]);
  });
});

describe('optcmp workload check, program show', () => {
  it('tells what a model holds', () => {
    const report = JSON.parse(
      optcmp('workload', 'check', inRoot('models/mlp/model.onnx'), '--json').stdout,
    );
    expect(report.parameterElements).toBe(784 * 128 + 128 + 128 * 10 + 10);
    expect(optcmp('workload', 'check', inRoot('models/mlp/model.onnx')).stdout).toContain(
      '101,770',
    );
  });

  it('shows a program', () => {
    const program = JSON.parse(optcmp('program', 'show', 'fashion-mnist-mlp', '--json').stdout);
    expect(program).toMatchObject({ mode: 'train', batchSize: 64 });
    expect(optcmp('program', 'show', 'fashion-mnist-mlp', '--evaluate').stdout).toContain('dense');
  });

  it('refuses a broken file in one line', () => {
    writeFileSync(join(folder, 'broken.onnx'), 'not a model');
    const { status, stdout, stderr } = optcmp('workload', 'check', 'broken.onnx');
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^optcmp: .*broken\.onnx.*\n$/);
  });
});

describe('optcmp taxonomy', () => {
  it('prints and draws the order', () => {
    const { status, stdout } = optcmp('taxonomy', '--svg', 'order.svg');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Momentum ⊆ Adam\s+error ∝ 1\/L/);
    expect(stdout).toContain('Nesterov ⊆ Momentum: ');
    expect(readFileSync(join(folder, 'order.svg'), 'utf8')).toMatch(/^<svg.*RMSterov.*<\/svg>\n$/s);
  });

  it('emulates', () => {
    const args = ['--emulate', 'adam', '--as', 'momentum', '--lr', '0.1', '--gamma', '0.9'];
    const { stdout } = optcmp('taxonomy', ...args, '--limit', '1e4');
    expect(stdout).toContain('lr: α = 10000 · (1 − 0.9^(t + 1)), from 1000 at step 0 to 10000');
    expect(stdout).toMatch(/beta1 = 0\.9\n +beta2 = 0\n +epsilon = 10000\n/);

    const json = JSON.parse(optcmp('taxonomy', ...args, '--json').stdout);
    expect(json).toMatchObject({ exact: false, order: 1, hyperparameters: { epsilon: 1e6 } });
    expect(json.lr.last).toBeCloseTo(1e6, 5);
  });

  it.each([
    [['--emulate', 'momentum', '--as', 'adam'], 'momentum includes sgd'],
    [['--emulate', 'adam', '--as', 'sgd', '--lr', '-1'], 'sgd: lr = -1 is outside (0, ∞)'],
    [
      ['--emulate', 'adam', '--as', 'sgd', '--limit', '0'],
      'adam: epsilon = 0 is outside [1e-37, ∞)',
    ],
    [['--emulate', 'adam'], '--emulate and --as go together'],
    [['--emulate', 'adam', '--as', 'sgd', '--gamma', '0.9'], 'sgd has no gamma; it has lr'],
    [['--emulate', 'adam', '--as', 'momentm'], 'did you mean'],
  ])('refuses %j', (args, message) => {
    const { status, stderr } = optcmp('taxonomy', ...args);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
});

describe('errors', () => {
  it('names the line of a study file and what is allowed', () => {
    writeFileSync(join(folder, 'wrong.yaml'), 'name: x\nworkloads: [a]\nsampler: sobolev\n');
    const { status, stderr } = optcmp('run', 'wrong.yaml');
    expect(status).toBe(1);
    expect(stderr).toMatch(/wrong\.yaml:3:/);
    expect(stderr).toContain('halton');
  });

  it('says which studies there are', () => {
    const { status, stderr } = optcmp('run', 'quickstrat');
    expect(status).toBe(1);
    expect(stderr).toContain('quickstart');
  });

  it('exits with 2 on wrong usage', () => {
    expect(optcmp('run')).toMatchObject({ status: 2 });
    expect(optcmp('run', study, '--workers', 'many')).toMatchObject({ status: 2 });
    expect(optcmp('list', 'everything')).toMatchObject({ status: 2 });
  });

  it('says that there is no database yet', () => {
    const { status, stderr } = optcmp('report', study, '--db', 'none.sqlite');
    expect(status).toBe(1);
    expect(stderr).toContain('none.sqlite');
  });
});

it('ends quietly when its reader has enough', () => {
  const { status, stderr } = spawnSync(`"${process.execPath}" "${CLI}" --help | true`, {
    cwd: folder,
    encoding: 'utf8',
    shell: true,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
