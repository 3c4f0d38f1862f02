import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { inCache } from './paths.js';
import { has, output, run, SetupError, tryRun } from './run.js';

/** Where packages are unpacked when they cannot be installed. */
export const PREFIX = inCache('debian');
export const LIBRARIES = `lib/${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch]}-linux-gnu`;

const OPTIONS = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];

/** Command prefix that gives root's rights without asking, or undefined. */
function asRoot() {
  if (process.getuid() === 0) return [];
  return output('sudo', ['-n', 'true']) === undefined ? undefined : ['sudo', '-n'];
}

export const canInstall = () => has('apt-get') && asRoot() !== undefined;
export const canUnpack = () => has('apt-get') && has('dpkg-deb');

/** Installs Debian packages for the whole system; refreshes the package lists when they are too old. */
export async function install(packages) {
  const env = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  const apt = [...asRoot(), ...env, 'apt-get', ...OPTIONS];
  const command = [...apt, 'install', '-y', '--no-install-recommends', ...packages];
  const first = await tryRun('apt-install', command);
  if (first.code === 0) return;
  await run('apt-update', [...apt, 'update']);
  await run('apt-install', command, { append: true });
}

/** Downloads packages with lists of our own and unpacks them under `PREFIX`: needs no rights. */
export async function unpack(packages) {
  const state = inCache('apt');
  const downloads = inCache('apt', 'downloads', packages.join('+'));
  for (const folder of ['lists/partial', 'cache/archives/partial']) {
    mkdirSync(`${state}/${folder}`, { recursive: true });
  }
  mkdirSync(downloads, { recursive: true });
  mkdirSync(PREFIX, { recursive: true });
  const apt = [
    'apt-get',
    ...OPTIONS,
    ...['-o', `Dir::State::lists=${state}/lists`],
    ...['-o', `Dir::Cache=${state}/cache`],
    ...['-o', 'Debug::NoLocking=1'],
  ];
  await run('apt-update', [...apt, 'update']);
  await run('apt-download', [...apt, 'download', ...packages], { cwd: downloads });
  const archives = readdirSync(downloads).filter((name) => name.endsWith('.deb'));
  for (const archive of archives) {
    await run('dpkg-deb', ['dpkg-deb', '-x', `${downloads}/${archive}`, PREFIX], { append: true });
  }
  if (archives.length < packages.length) {
    throw new SetupError(`apt-get download brought only ${archives.join(', ')}`);
  }
  rmSync(downloads, { recursive: true });
}

/** A path in the unpacked packages, when it is there. */
export function unpacked(path) {
  return existsSync(`${PREFIX}/${path}`) ? `${PREFIX}/${path}` : undefined;
}
